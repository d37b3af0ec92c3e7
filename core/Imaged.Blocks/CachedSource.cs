namespace Imaged.Blocks;

/// <summary>Reads another source through a <see cref="BlockCache"/> in blocks of fixed size.</summary>
public sealed class CachedSource : BlockSource
{
    private readonly BlockSource _inner;
    private readonly BlockCache _cache;
    private readonly int _blockSize;
    private readonly int _owner;
    private readonly bool _ownsInner;

    /// <summary>Puts <paramref name="cache"/> before <paramref name="inner"/>.</summary>
    /// <param name="inner">The source that is dear to read.</param>
    /// <param name="cache">Shared, and bounded by itself.</param>
    /// <param name="blockSize">Bytes read from <paramref name="inner"/> at once.</param>
    /// <param name="ownsInner">Whether disposing this disposes <paramref name="inner"/>.</param>
    public CachedSource(BlockSource inner, BlockCache cache, int blockSize, bool ownsInner = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockSize, 1);
        _inner = inner;
        _cache = cache;
        _blockSize = blockSize;
        _ownsInner = ownsInner;
        _owner = cache.NewOwner();
    }

    /// <inheritdoc/>
    public override long Length => _inner.Length;

    /// <inheritdoc/>
    public override int SectorSize => _inner.SectorSize;

    /// <inheritdoc/>
    public override bool IsOneWay => _inner.IsOneWay;

    /// <inheritdoc/>
    public override void ExpectOnePass() => _inner.ExpectOnePass();

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            long block = offset / _blockSize;
            int inside = (int)(offset % _blockSize);
            int length = (int)Math.Min(_blockSize, Length - (block * _blockSize));
            int count = Math.Min(length - inside, destination.Length);
            _cache.Read(_owner, block, length, inside, destination[..count], this, static (source, index, bytes) =>
                source._inner.Read(index * source._blockSize, bytes));
            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset) => _inner.GetExtent(offset);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _cache.Forget(_owner);
        if (_ownsInner)
        {
            _inner.Dispose();
        }
    }
}
