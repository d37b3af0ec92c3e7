namespace Imaged.Blocks;

/// <summary>An image over its backing file: what the upper one does not store is read below, and is zero behind the
/// end of the lower one.</summary>
public sealed class OverlaySource : BlockSource
{
    private readonly BlockSource _upper;
    private readonly BlockSource _lower;

    /// <summary>Takes ownership of both sources.</summary>
    public OverlaySource(BlockSource upper, BlockSource lower)
    {
        _upper = upper;
        _lower = lower;
    }

    /// <inheritdoc/>
    public override long Length => _upper.Length;

    /// <inheritdoc/>
    public override int SectorSize => _upper.SectorSize;

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            Extent extent = _upper.GetExtent(offset);
            int count = (int)Math.Min(extent.Length, destination.Length);
            Span<byte> part = destination[..count];
            if (extent.Kind == ExtentKind.Unallocated)
            {
                int below = _lower.ReadUpTo(offset, part);
                part[below..].Clear();
            }
            else
            {
                _upper.Read(offset, part);
            }

            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        Extent extent = _upper.GetExtent(offset);
        if (extent.Kind != ExtentKind.Unallocated)
        {
            return extent;
        }

        if (offset >= _lower.Length)
        {
            return extent with { Kind = ExtentKind.Unallocated, Host = null };
        }

        Extent below = _lower.GetExtent(offset);
        return below with { Length = Math.Min(below.Length, extent.Length) };
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _upper.Dispose();
        _lower.Dispose();
    }
}
