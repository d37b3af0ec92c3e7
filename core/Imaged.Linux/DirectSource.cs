using Imaged.Blocks;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>A block device, read past the page cache (<c>O_DIRECT</c>) with aligned buffers. Thread-safe; as many
/// requests are in flight as there are readers. Where direct reads are refused it reads through the page
/// cache.</summary>
public sealed unsafe class DirectSource : BlockSource
{
    private const int StatxDirectIoAlignment = 0x2000; // STATX_DIOALIGN, Linux 6.1
    private const int StatxMemoryAlignAt = 0x98; // stx_dio_mem_align, then stx_dio_offset_align
    private const int AtEmptyPath = 0x1000;

    // Larger than any sector size, and legal wherever the kernel does not say.
    private const int SafeAlignment = 4096;
    private const int BounceLength = 1 << 20;

    private static readonly AlignedBufferPool Pool = new(BounceLength, SafeAlignment);

    private readonly SafeFileHandle _device;
    private readonly int _fileIndex;
    private readonly int _memoryAlignment;
    private readonly int _offsetAlignment;
    private volatile bool _direct;

    /// <summary>Takes ownership of <paramref name="device"/>, an open block device.</summary>
    /// <param name="device">Opened for reading; its open file description is switched to direct I/O.</param>
    /// <param name="fileIndex">Index in the list of host files of the image.</param>
    public DirectSource(SafeFileHandle device, int fileIndex = 0)
    {
        _device = device;
        _fileIndex = fileIndex;
        Length = BlockDevice.GetLength(device);
        SectorSize = BlockDevice.GetSectorSize(device);
        (_memoryAlignment, _offsetAlignment) = GetAlignment(device, SectorSize);
        int fd = HostPath.Number(device);
        int flags = LinuxException.Check(LibC.fcntl(fd, LibC.F_GETFL), "fcntl");
        _direct = LibC.fcntl(fd, LibC.F_SETFL, flags | LibC.O_DIRECT) == 0;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override int SectorSize { get; }

    /// <summary>Whether reads go past the page cache.</summary>
    public bool IsDirect => _direct;

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        fixed (byte* address = destination)
        {
            if (_direct && !IsAligned(offset, destination.Length, address))
            {
                ReadBounced(offset, destination);
            }
            else
            {
                ReadExactly(offset, address, destination.Length);
            }
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        return new(offset, Length - offset, ExtentKind.Data, new HostRange(_fileIndex, offset));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _device.Dispose();

    // Memory and offset alignment in bytes: what the kernel says, else the sector size for offsets and 4096 for memory.
    private static (int Memory, int Offset) GetAlignment(SafeFileHandle device, int sectorSize)
    {
        statx buffer = default;
        byte empty = 0;
        if (LibC.statx(HostPath.Number(device), &empty, AtEmptyPath, StatxDirectIoAlignment, &buffer) == 0
            && (buffer.stx_mask & StatxDirectIoAlignment) != 0)
        {
            uint* alignments = (uint*)((byte*)&buffer + StatxMemoryAlignAt);
            if (alignments[0] is > 0 and <= SafeAlignment && alignments[1] is > 0 and <= SafeAlignment)
            {
                return ((int)alignments[0], (int)alignments[1]);
            }
        }

        return (SafeAlignment, Math.Min(sectorSize, SafeAlignment));
    }

    private bool IsAligned(long offset, int length, byte* address) =>
        ((offset | (long)length) & (_offsetAlignment - 1)) == 0 && ((long)address & (_memoryAlignment - 1)) == 0;

    private void ReadBounced(long offset, Span<byte> destination)
    {
        AlignedBuffer bounce = Pool.Rent();
        try
        {
            while (!destination.IsEmpty)
            {
                long begin = offset & ~(long)(_offsetAlignment - 1);
                int inside = (int)(offset - begin);
                long end = Math.Min(begin + BounceLength, RoundUp(offset + destination.Length));
                // A device whose length is no multiple of the alignment ends inside the last unit.
                int length = (int)(Math.Min(end, Length) - begin);
                ReadExactly(begin, bounce.Address, length);
                int count = Math.Min(length - inside, destination.Length);
                bounce.GetSpan().Slice(inside, count).CopyTo(destination);
                destination = destination[count..];
                offset += count;
            }
        }
        finally
        {
            Pool.Return(bounce);
        }
    }

    private long RoundUp(long offset) => (offset + _offsetAlignment - 1) & ~(long)(_offsetAlignment - 1);

    private void ReadExactly(long offset, byte* address, int length)
    {
        while (length > 0)
        {
            long count = LibC.pread(HostPath.Number(_device), address, length, offset);
            if (count < 0)
            {
                int errno = LibC.errno;
                if (errno == Errno.EINTR)
                {
                    continue;
                }

                if (errno != Errno.EINVAL || !TryBuffered())
                {
                    throw new LinuxException($"read {length} bytes at {offset}", errno);
                }
            }
            else if (count == 0)
            {
                throw new EndOfStreamException(
                    $"the device ends at byte {offset}; it was {Length} bytes long when opened");
            }
            else
            {
                offset += count;
                address += count;
                length -= (int)count;
            }
        }
    }

    // EINVAL on a direct read: something between us and the medium does not take it. From now on through the page
    // cache.
    private bool TryBuffered()
    {
        if (!_direct)
        {
            return false;
        }

        int fd = HostPath.Number(_device);
        int flags = LinuxException.Check(LibC.fcntl(fd, LibC.F_GETFL), "fcntl");
        _direct = LibC.fcntl(fd, LibC.F_SETFL, flags & ~LibC.O_DIRECT) != 0;
        return !_direct;
    }
}
