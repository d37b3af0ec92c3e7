using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Hfs;

/// <summary>The bytes of a fork: runs of allocation blocks one behind the other. Thread-safe.</summary>
internal sealed class HfsForkSource : BlockSource
{
    private readonly BlockSource _volume;
    private readonly string _format;
    private readonly long[] _ends;
    private readonly long[] _offsets;

    /// <summary>Does not own the volume.</summary>
    /// <param name="volume">From the first allocation block on.</param>
    /// <param name="blockLength">Bytes of an allocation block.</param>
    /// <param name="format">Id of the file system.</param>
    /// <param name="extents">The runs.</param>
    /// <param name="length">Bytes of the fork.</param>
    /// <exception cref="ImageFormatException">A run lies outside the volume, or they do not suffice.</exception>
    public HfsForkSource(
        BlockSource volume, int blockLength, string format, List<HfsExtent> extents, ulong length)
    {
        _volume = volume;
        _format = format;
        _ends = new long[extents.Count];
        _offsets = new long[extents.Count];
        long end = 0;
        for (int i = 0; i < extents.Count; i++)
        {
            long offset = (long)extents[i].Start * blockLength;
            long bytes = (long)extents[i].Count * blockLength;

            // The last block of a volume may be cut off.
            if (offset >= volume.Length || offset + bytes - blockLength >= volume.Length)
            {
                ImageFormatException.Throw(
                    _format, offset, $"an extent of {bytes} bytes ends behind the volume");
            }

            end += bytes;
            _ends[i] = end;
            _offsets[i] = offset;
        }

        if (length > (ulong)end)
        {
            ImageFormatException.Throw(
                _format, 0, $"a fork of {length} bytes has extents of {end} bytes");
        }

        Length = (long)length;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        for (int i = IndexOf(offset); !destination.IsEmpty; i++)
        {
            long begin = i == 0 ? 0 : _ends[i - 1];
            int count = (int)Math.Min(destination.Length, _ends[i] - offset);
            long at = _offsets[i] + (offset - begin);
            if (at > _volume.Length - count)
            {
                ImageFormatException.Throw(_format, at, "the volume is cut off inside a fork");
            }

            _volume.Read(at, destination[..count]);
            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        int i = IndexOf(offset);
        long begin = i == 0 ? 0 : _ends[i - 1];
        long at = _offsets[i] + (offset - begin);
        long length = Math.Min(_ends[i], Length) - offset;
        if (at >= _volume.Length)
        {
            return new(offset, length, ExtentKind.Data);
        }

        Extent extent = _volume.GetExtent(at);
        return extent with { Offset = offset, Length = Math.Min(extent.Length, length) };
    }

    // Index of the run that holds the byte: the first one that ends behind it.
    private int IndexOf(long offset)
    {
        int i = Array.BinarySearch(_ends, offset);
        return i >= 0 ? i + 1 : ~i;
    }
}
