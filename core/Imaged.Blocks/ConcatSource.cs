using System.Collections.Immutable;

namespace Imaged.Blocks;

/// <summary>Sources one behind the other: split images, multi-extent files.</summary>
public sealed class ConcatSource : BlockSource
{
    private readonly ImmutableArray<BlockSource> _parts;
    private readonly long[] _ends;
    private readonly bool _ownsParts;

    /// <summary>Joins <paramref name="parts"/> in their order; empty ones are allowed.</summary>
    /// <param name="parts">The sources.</param>
    /// <param name="ownsParts">Whether disposing this disposes them.</param>
    /// <exception cref="OverflowException">The sum of the lengths is above 2^63 - 1.</exception>
    public ConcatSource(IEnumerable<BlockSource> parts, bool ownsParts)
    {
        _parts = [.. parts.Where(part => part.Length > 0)];
        _ends = new long[_parts.Length];
        long end = 0;
        for (int i = 0; i < _parts.Length; i++)
        {
            end = checked(end + _parts[i].Length);
            _ends[i] = end;
        }

        Length = end;
        _ownsParts = ownsParts;
        SectorSize = _parts.IsEmpty ? 512 : _parts[0].SectorSize;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override int SectorSize { get; }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        for (int i = IndexOf(offset); !destination.IsEmpty; i++)
        {
            long begin = _ends[i] - _parts[i].Length;
            int count = (int)Math.Min(destination.Length, _ends[i] - offset);
            _parts[i].Read(offset - begin, destination[..count]);
            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        int i = IndexOf(offset);
        Extent extent = _parts[i].GetExtent(offset - (_ends[i] - _parts[i].Length));
        return extent with { Offset = offset };
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_ownsParts)
        {
            foreach (BlockSource part in _parts)
            {
                part.Dispose();
            }
        }
    }

    // Index of the part that holds the byte at offset: the first one that ends behind it.
    private int IndexOf(long offset)
    {
        int i = Array.BinarySearch(_ends, offset);
        return i >= 0 ? i + 1 : ~i;
    }
}
