namespace Imaged.Blocks;

/// <summary>Bytes in memory.</summary>
public sealed class MemorySource : BlockSource
{
    private readonly ReadOnlyMemory<byte> _bytes;

    /// <summary>Wraps <paramref name="bytes"/>, which must not change any more.</summary>
    public MemorySource(ReadOnlyMemory<byte> bytes, int sectorSize = 512)
    {
        _bytes = bytes;
        SectorSize = sectorSize;
    }

    /// <inheritdoc/>
    public override long Length => _bytes.Length;

    /// <inheritdoc/>
    public override int SectorSize { get; }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        _bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);
    }
}
