namespace Imaged.Blocks;

/// <summary>Zero bytes.</summary>
public sealed class ZeroSource : BlockSource
{
    /// <summary>A source of <paramref name="length"/> zero bytes.</summary>
    public ZeroSource(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        destination.Clear();
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        return new(offset, Length - offset, ExtentKind.Zero);
    }
}
