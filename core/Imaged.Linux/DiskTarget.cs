using Imaged.Blocks;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>A block device, written past the page cache where the ranges are aligned, or a regular file.</summary>
public sealed unsafe class DiskTarget : BlockTarget
{
    // fallocate(2)
    private const int KeepSize = 1;
    private const int PunchHole = 2;
    private const int ZeroRange = 16;

    private const int ZeroLength = 1 << 20;
    private const int SafeAlignment = 4096;

    private static readonly AlignedBufferPool Zeros = new(ZeroLength, SafeAlignment);

    private readonly SafeFileHandle _file;
    private readonly SafeFileHandle? _direct;

    /// <summary>A target; both descriptors stay the caller's.</summary>
    /// <param name="file">Opened for reading and writing; a regular file has its length already.</param>
    /// <param name="direct">The same device in a description of its own, for direct writes; null for none.</param>
    public DiskTarget(SafeFileHandle file, SafeFileHandle? direct)
    {
        _file = file;
        bool isDevice = HostPath.Identify(file).IsBlockDevice;
        Length = isDevice ? BlockDevice.GetLength(file) : RandomAccess.GetLength(file);
        if (direct is null || !isDevice)
        {
            return;
        }

        int fd = HostPath.Number(direct);
        int flags = LinuxException.Check(LibC.fcntl(fd, LibC.F_GETFL), "fcntl");
        if (LibC.fcntl(fd, LibC.F_SETFL, flags | LibC.O_DIRECT) == 0)
        {
            _direct = direct;
            Alignment = SafeAlignment;
        }
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override int Alignment { get; } = 1;

    /// <inheritdoc/>
    public override void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* address = bytes)
        {
            bool isAligned = ((offset | (long)bytes.Length | (long)address) & (SafeAlignment - 1)) == 0;
            if (_direct is null || !isAligned || !TryWriteDirect(offset, address, bytes.Length))
            {
                RandomAccess.Write(_file, bytes, offset);
            }
        }
    }

    /// <inheritdoc/>
    public override void WriteZeros(long offset, long length)
    {
        if (TryAllocate(PunchHole, offset, length) || TryAllocate(ZeroRange, offset, length))
        {
            return;
        }

        AlignedBuffer zeros = Zeros.Rent();
        try
        {
            zeros.GetSpan().Clear();
            while (length > 0)
            {
                int count = (int)Math.Min(length, ZeroLength);
                Write(offset, zeros.GetSpan()[..count]);
                offset += count;
                length -= count;
            }
        }
        finally
        {
            Zeros.Return(zeros);
        }
    }

    /// <inheritdoc/>
    public override void Discard(long offset, long length) => TryAllocate(PunchHole, offset, length);

    /// <inheritdoc/>
    public override void Flush() => FileCache.Flush(_file);

    /// <inheritdoc/>
    public override BlockSource OpenRead()
    {
        if (!HostPath.Identify(_file).IsBlockDevice)
        {
            FileCache.Drop(_file);
            return new FileSource(HostPath.Duplicate(_file));
        }

        return new DirectSource(HostPath.Duplicate(_direct ?? _file));
    }

    private bool TryAllocate(int mode, long offset, long length) =>
        LibC.fallocate(HostPath.Number(_file), mode | KeepSize, offset, length) == 0;

    // False when the device does not take it, which the other way of writing tells better.
    private bool TryWriteDirect(long offset, byte* address, int length)
    {
        while (length > 0)
        {
            long count = LibC.pwrite(HostPath.Number(_direct!), address, length, offset);
            if (count < 0)
            {
                int errno = LibC.errno;
                switch (errno)
                {
                    case Errno.EINTR:
                        continue;
                    case Errno.EINVAL:
                        return false;
                    default:
                        throw new LinuxException($"write {length} bytes at {offset}", errno);
                }
            }

            offset += count;
            address += count;
            length -= (int)count;
        }

        return true;
    }
}
