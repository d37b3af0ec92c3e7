using System.Runtime.InteropServices;

namespace Imaged.Fuse.Abi;

// Bodies of requests, as in linux/fuse.h. Fields that nobody reads stand for their room.
#pragma warning disable CS0649 // filled by the kernel

/// <summary><c>struct fuse_in_header</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseInHeader
{
    public uint Length;
    public FuseOpcode Opcode;
    public ulong Unique;
    public ulong Node;
    public uint Uid;
    public uint Gid;
    public uint Pid;
    public ushort ExtensionLength;
    public ushort Padding;
}

/// <summary><c>struct fuse_init_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseInitIn
{
    public uint Major;
    public uint Minor;
    public uint MaxReadAhead;
    public uint Flags;
    public uint Flags2;
    public Unused11 Unused;

    [System.Runtime.CompilerServices.InlineArray(11)]
    public struct Unused11
    {
        private uint _first;
    }
}

/// <summary><c>struct fuse_getattr_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseGetAttrIn
{
    public uint Flags;
    public uint Dummy;
    public ulong Handle;
}

/// <summary><c>struct fuse_statx_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseStatxIn
{
    public uint GetAttrFlags;
    public uint Reserved;
    public ulong Handle;
    public uint Flags;
    public uint Mask;
}

/// <summary><c>struct fuse_open_in</c>, of OPEN and OPENDIR.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseOpenIn
{
    public uint Flags;
    public uint OpenFlags;
}

/// <summary><c>struct fuse_read_in</c>, of READ, READDIR and READDIRPLUS.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseReadIn
{
    public ulong Handle;
    public ulong Offset;
    public uint Size;
    public uint ReadFlags;
    public ulong LockOwner;
    public uint Flags;
    public uint Padding;
}

/// <summary><c>struct fuse_lseek_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseLSeekIn
{
    public ulong Handle;
    public ulong Offset;
    public uint Whence;
    public uint Padding;
}

/// <summary><c>struct fuse_getxattr_in</c>, of GETXATTR (a name follows) and LISTXATTR.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseGetXattrIn
{
    public uint Size;
    public uint Padding;
}
