using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux.Fuse;

/// <summary>Memory that outlives the process that uses it, because another one holds the file that it is a mapping
/// of.</summary>
public sealed unsafe class SharedMemory : IDisposable
{
    private const int AddSeals = 1033; // F_ADD_SEALS
    private const int SealSealing = 1;
    private const int SealShrink = 2;
    private const int SealGrow = 4;
    private const uint CloseOnExec = 1; // MFD_CLOEXEC
    private const uint AllowSealing = 2; // MFD_ALLOW_SEALING

    private byte* _address;

    private SharedMemory(byte* address, int length)
    {
        _address = address;
        Length = length;
    }

    /// <summary>The first byte, at the beginning of a page.</summary>
    public byte* Address => _address;

    /// <summary>Length in bytes.</summary>
    public int Length { get; }

    /// <summary>Makes an anonymous file of zeros whose length nobody can change any more: shrinking it would kill
    /// whoever has it mapped.</summary>
    /// <param name="name">Shown in <c>/proc/PID/fd</c>.</param>
    /// <param name="length">Bytes.</param>
    /// <exception cref="LinuxException">It cannot be made.</exception>
    public static SafeFileHandle CreateFile(string name, int length)
    {
        SafeFileHandle file;
        fixed (byte* text = HostPath.Bytes(name))
        {
            int fd = LibC.memfd_create(text, CloseOnExec | AllowSealing);
            file = HostPath.Wrap(LinuxException.Check(fd, "memfd_create"));
        }

        try
        {
            LinuxException.Check(LibC.ftruncate(HostPath.Number(file), length), "set the length of a memory file");
            int seals = SealShrink | SealGrow | SealSealing;
            LinuxException.Check(LibC.fcntl(HostPath.Number(file), AddSeals, seals), "seal a memory file");
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Maps a file for reading and writing.</summary>
    /// <param name="file">Stays the caller's; the mapping needs it no longer.</param>
    /// <param name="length">Bytes, from the file's beginning.</param>
    /// <exception cref="LinuxException">It cannot be mapped.</exception>
    public static SharedMemory Map(SafeFileHandle file, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        int protection = LibC.PROT_READ | LibC.PROT_WRITE;
        void* address = LibC.mmap(null, length, protection, LibC.MAP_SHARED, HostPath.Number(file), 0);
        if (address == (void*)-1)
        {
            LinuxException.Throw("map a memory file");
        }

        return new((byte*)address, length);
    }

    /// <summary>Brings all pages in, so that they can be written without a page fault, and keeps them there if the
    /// process may lock that much memory.</summary>
    /// <returns>Whether they are locked.</returns>
    public bool Populate()
    {
        for (int offset = 0; offset < Length; offset += 4096)
        {
            // A write makes the page exist; an atomic one takes nothing back that somebody else writes meanwhile.
            Interlocked.Or(ref *(int*)(_address + offset), 0);
        }

        return LibC.mlock(_address, Length) == 0;
    }

    /// <summary>Unmaps the memory; what it holds stays in the file.</summary>
    public void Dispose()
    {
        if (_address is not null)
        {
            _ = LibC.munmap(_address, Length);
            _address = null;
        }
    }
}
