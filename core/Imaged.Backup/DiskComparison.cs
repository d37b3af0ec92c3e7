using Imaged.Blocks;

namespace Imaged.Backup;

/// <summary>Compares what matters of a disk with another one, on all processors.</summary>
/// <param name="disk">The disk.</param>
/// <param name="used">The ranges of it that matter, ascending.</param>
/// <param name="other">What is to be the same; where it ends earlier, it differs.</param>
/// <param name="meter">Told how far it is.</param>
public sealed class DiskComparison(
    BlockSource disk, IEnumerable<BlockRange> used, BlockSource other, ProgressMeter meter)
{
    private const int PieceLength = 1 << 20;

    // What differs is told in steps of that.
    private const int Step = 4096;

    private readonly List<BlockRange> _different = [];

    /// <summary>Compares.</summary>
    /// <returns>What differs, ascending, told in steps of 4096 bytes.</returns>
    /// <exception cref="IOException">A side cannot be read.</exception>
    public IReadOnlyList<BlockRange> Run()
    {
        meter.Begin("compare", used.Sum(range => range.Length));
        using IEnumerator<BlockRange> pieces = Pieces().GetEnumerator();
        bool isStopped = false;
        ThreadTeam.Run(
            Environment.ProcessorCount, () => ComparePieces(Take), () => Volatile.Write(ref isStopped, true));
        return BlockRange.Join(_different);

        BlockRange? Take()
        {
            lock (_different)
            {
                return !Volatile.Read(ref isStopped) && pieces.MoveNext() ? pieces.Current : null;
            }
        }
    }

    // Cut at multiples of the length of a piece, so that no step lies in two of them.
    private IEnumerable<BlockRange> Pieces()
    {
        foreach (BlockRange range in used)
        {
            for (long offset = range.Offset; offset < range.End;)
            {
                long end = Math.Min(range.End, (offset & -PieceLength) + PieceLength);
                yield return new(offset, end - offset);
                offset = end;
            }
        }
    }

    private void ComparePieces(Func<BlockRange?> take)
    {
        using AlignedBuffer own = new(PieceLength);
        using AlignedBuffer others = new(PieceLength);
        while (take() is { } piece)
        {
            long end = Math.Min(piece.End, other.Length);
            if (end < piece.End)
            {
                Add(Math.Max(piece.Offset, end), piece.End);
            }

            if (end > piece.Offset && !(IsZero(disk, piece.Offset, end) && IsZero(other, piece.Offset, end)))
            {
                Span<byte> expected = own.GetSpan()[..(int)(end - piece.Offset)];
                Span<byte> found = others.GetSpan()[..expected.Length];
                disk.Read(piece.Offset, expected);
                other.Read(piece.Offset, found);
                Compare(piece.Offset, expected, found);
            }

            meter.Add(piece.Length);
        }
    }

    private static bool IsZero(BlockSource source, long offset, long end) =>
        source.GetExtent(offset) is { Kind: not ExtentKind.Data } extent && extent.End >= end;

    private void Compare(long offset, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> found)
    {
        if (expected.SequenceEqual(found))
        {
            return;
        }

        for (int begin = 0; begin < expected.Length;)
        {
            int end = (int)Math.Min(expected.Length, ((offset + begin) & -Step) + Step - offset);
            if (!expected[begin..end].SequenceEqual(found[begin..end]))
            {
                Add(offset + begin, offset + end);
            }

            begin = end;
        }
    }

    private void Add(long begin, long end)
    {
        lock (_different)
        {
            _different.Add(new(begin, end - begin));
        }
    }
}
