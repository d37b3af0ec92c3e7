using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apfs;

/// <summary>The bytes of a file or of a long attribute: extents in order, zeros between them. Thread-safe.</summary>
internal sealed class ApfsStreamSource : BlockSource
{
    private readonly BlockSource _container;
    private readonly ApfsExtent[] _extents;

    /// <summary>Does not own the container.</summary>
    /// <exception cref="ImageFormatException">Extents overlap, or lie outside the container.</exception>
    public ApfsStreamSource(ApfsBlocks blocks, List<ApfsExtent> extents, long length)
    {
        _container = blocks.Source;
        _extents = [.. extents];
        Length = length;
        long end = 0;
        foreach (ApfsExtent extent in _extents)
        {
            if (extent.Offset < end || extent.Length == 0 || extent.Stored > _container.Length - extent.Length)
            {
                ImageFormatException.Throw(
                    ApfsFileSystem.Id,
                    Math.Max(extent.Stored, 0),
                    $"an extent of {extent.Length} bytes at {extent.Offset} overlaps another or is outside");
            }

            end = extent.Offset + extent.Length;
        }
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            (long stored, long length) = Find(offset);
            int count = (int)Math.Min(destination.Length, length);
            if (stored < 0)
            {
                destination[..count].Clear();
            }
            else
            {
                _container.Read(stored, destination[..count]);
            }

            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        (long stored, long length) = Find(offset);
        if (stored < 0)
        {
            return new(offset, length, ExtentKind.Zero);
        }

        Extent extent = _container.GetExtent(stored);
        return extent with { Offset = offset, Length = Math.Min(extent.Length, length) };
    }

    // Where a byte is stored, or -1, and how many from there on are alike.
    private (long Stored, long Length) Find(long offset)
    {
        int low = 0;
        int high = _extents.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_extents[middle].Offset <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low > 0 && _extents[low - 1] is { } extent && offset - extent.Offset < extent.Length)
        {
            long inside = offset - extent.Offset;
            long stored = extent.Stored < 0 ? -1 : extent.Stored + inside;
            return (stored, Math.Min(extent.Length, Length - extent.Offset) - inside);
        }

        long next = low < _extents.Length ? _extents[low].Offset : Length;
        return (-1, Math.Min(next, Length) - offset);
    }
}
