using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>A regular file mapped for reading, whole. The memory is for system calls only: where somebody cut the file,
/// they fail with EFAULT, while code that touches it dies. Thread-safe.</summary>
public sealed unsafe partial class MappedFile : IDisposable
{
    private const int NoWait = 8; // RWF_NOWAIT
    private const int DontNeed = 4; // MADV_DONTNEED

    // A page fault may map as much as this around the page that was wanted, at such a boundary: the largest folio.
    private const long Block = 2 << 20;

    private readonly SafeFileHandle _file;
    private readonly byte* _address;
    private readonly long _length;

    private MappedFile(SafeFileHandle file, byte* address, long length)
    {
        _file = file;
        _address = address;
        _length = length;
    }

    /// <summary>Maps a file.</summary>
    /// <param name="file">Stays the caller's, and must outlive the mapping.</param>
    /// <param name="length">Bytes, above 0.</param>
    /// <returns>Null when it cannot be mapped.</returns>
    public static MappedFile? TryMap(SafeFileHandle file, long length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        int descriptor = HostPath.Number(file);
        void* address = LibC.mmap(null, (size_t)(ulong)length, LibC.PROT_READ, LibC.MAP_SHARED, descriptor, 0);
        return address == (void*)-1 ? null : new(file, (byte*)address, length);
    }

    /// <summary>Where a range stands in memory, if its last byte can be had without waiting for a medium: what is not
    /// in the page cache is read ahead better by a read than by page faults.</summary>
    /// <param name="offset">Byte offset in the file.</param>
    /// <param name="count">Bytes, above 0.</param>
    /// <param name="address">Valid until <see cref="Dispose"/>.</param>
    public bool TryGetCached(long offset, int count, out byte* address)
    {
        address = null;
        if (count < 1 || offset < 0 || offset > _length - count)
        {
            return false;
        }

        byte last;
        iovec vector = new() { iov_base = &last, iov_len = 1 };
        if (ReadVectors(HostPath.Number(_file), &vector, 1, offset + count - 1, NoWait) != 1)
        {
            return false;
        }

        address = _address + offset;
        return true;
    }

    /// <summary>Takes a range out of this process's page tables, so that it does not count as its memory; it stays in
    /// the page cache.</summary>
    /// <param name="offset">As for <see cref="TryGetCached"/>.</param>
    /// <param name="count">Bytes.</param>
    public void Forget(long offset, int count)
    {
        // Whoever needs what another thread forgets gets it again.
        long first = (long)_address + offset;
        long begin = Math.Max(first & ~(Block - 1), (long)_address);
        long end = Math.Min((first + count + Block - 1) & ~(Block - 1), (long)_address + _length);
        _ = LibC.madvise((void*)begin, (size_t)(ulong)(end - begin), DontNeed);
    }

    /// <summary>Unmaps the file.</summary>
    public void Dispose() => _ = LibC.munmap(_address, (size_t)(ulong)_length);

    // off_t has 64 bits on all machines that .NET runs on.
    [LibraryImport("libc", EntryPoint = "preadv2")]
    private static partial nint ReadVectors(int file, iovec* vectors, int count, long offset, int flags);
}
