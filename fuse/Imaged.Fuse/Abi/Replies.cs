using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Imaged.Fuse.Abi;

// Bodies of replies, as in linux/fuse.h.

/// <summary><c>struct fuse_out_header</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseOutHeader
{
    public uint Length;
    public int Error;
    public ulong Unique;
}

/// <summary><c>struct fuse_init_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseInitOut
{
    public uint Major;
    public uint Minor;
    public uint MaxReadAhead;
    public uint Flags;
    public ushort MaxBackground;
    public ushort CongestionThreshold;
    public uint MaxWrite;
    public uint TimeGranularity;
    public ushort MaxPages;
    public ushort MapAlignment;
    public uint Flags2;
    public uint MaxStackDepth;
    public ushort RequestTimeout;
    public Unused11 Unused;

    [InlineArray(11)]
    public struct Unused11
    {
        private ushort _first;
    }
}

/// <summary><c>struct fuse_attr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttr
{
    public ulong Inode;
    public long Size;
    public long Blocks;
    public long Accessed;
    public long Modified;
    public long Changed;
    public uint AccessedNanoseconds;
    public uint ModifiedNanoseconds;
    public uint ChangedNanoseconds;
    public uint Mode;
    public uint Links;
    public uint Uid;
    public uint Gid;
    public uint Device;
    public uint BlockSize;
    public uint Flags;
}

/// <summary><c>struct fuse_entry_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseEntryOut
{
    public ulong Node;
    public ulong Generation;
    public ulong EntryValid;
    public ulong AttributesValid;
    public uint EntryValidNanoseconds;
    public uint AttributesValidNanoseconds;
    public FuseAttr Attributes;
}

/// <summary><c>struct fuse_attr_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttrOut
{
    public ulong Valid;
    public uint ValidNanoseconds;
    public uint Dummy;
    public FuseAttr Attributes;
}

/// <summary><c>struct fuse_sx_time</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseStatxTime
{
    public long Seconds;
    public uint Nanoseconds;
    public int Reserved;
}

/// <summary><c>struct fuse_statx_out</c> with the <c>struct fuse_statx</c> that it ends in.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseStatxOut
{
    public ulong Valid;
    public uint ValidNanoseconds;
    public uint Flags;
    public ulong Spare0;
    public ulong Spare1;

    public uint Mask;
    public uint BlockSize;
    public ulong Attributes;
    public uint Links;
    public uint Uid;
    public uint Gid;
    public ushort Mode;
    public ushort Spare2;
    public ulong Inode;
    public long Size;
    public long Blocks;
    public ulong AttributesMask;
    public FuseStatxTime Accessed;
    public FuseStatxTime Created;
    public FuseStatxTime Changed;
    public FuseStatxTime Modified;
    public uint NodeMajor;
    public uint NodeMinor;
    public uint DeviceMajor;
    public uint DeviceMinor;
    public Unused14 Unused;

    [InlineArray(14)]
    public struct Unused14
    {
        private ulong _first;
    }
}

/// <summary><c>struct fuse_open_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseOpenOut
{
    public ulong Handle;
    public uint Flags;
    public int BackingId;
}

/// <summary><c>struct fuse_kstatfs</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseStatFsOut
{
    public long Blocks;
    public long Free;
    public long Available;
    public long Files;
    public long FilesFree;
    public uint BlockSize;
    public uint NameLength;
    public uint FragmentSize;
    public uint Padding;
    public Unused6 Unused;

    [InlineArray(6)]
    public struct Unused6
    {
        private uint _first;
    }
}

/// <summary><c>struct fuse_dirent</c>; the name follows, padded to 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseDirent
{
    public ulong Inode;
    public long NextOffset;
    public uint NameLength;
    public uint Type;
}

/// <summary><c>struct fuse_getxattr_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseGetXattrOut
{
    public uint Size;
    public uint Padding;
}
