namespace Imaged.Blocks;

/// <summary>A window on another source.</summary>
public sealed class SliceSource : BlockSource
{
    private readonly BlockSource _inner;
    private readonly long _offset;
    private readonly bool _ownsInner;

    /// <summary>The bytes [<paramref name="offset"/>, <paramref name="offset"/> + <paramref name="length"/>) of
    /// <paramref name="inner"/>.</summary>
    /// <param name="inner">The source behind the window.</param>
    /// <param name="offset">Byte offset of the window.</param>
    /// <param name="length">Length of the window in bytes.</param>
    /// <param name="ownsInner">Whether disposing the window disposes <paramref name="inner"/>.</param>
    /// <param name="sectorSize">Sector size in bytes; 0 takes that of <paramref name="inner"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window is not inside <paramref name="inner"/>.</exception>
    public SliceSource(BlockSource inner, long offset, long length, bool ownsInner = false, int sectorSize = 0)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, inner.Length - length);
        _inner = inner;
        _offset = offset;
        _ownsInner = ownsInner;
        Length = length;
        SectorSize = sectorSize == 0 ? inner.SectorSize : sectorSize;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override int SectorSize { get; }

    /// <inheritdoc/>
    public override bool IsOneWay => _inner.IsOneWay;

    /// <inheritdoc/>
    public override void ExpectOnePass() => _inner.ExpectOnePass();

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        _inner.Read(_offset + offset, destination);
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        Extent extent = _inner.GetExtent(_offset + offset);
        return extent with { Offset = offset, Length = Math.Min(extent.Length, Length - offset) };
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_ownsInner)
        {
            _inner.Dispose();
        }
    }
}
