using Imaged.Blocks;

namespace Imaged.Backup;

/// <summary>Gives out the pieces of a disk that hold something of what is used, ascending; zeros that the source knows
/// of are passed over. Thread-safe.</summary>
/// <param name="source">The disk; null to pass over nothing. What a source knows may change while it is read: the
/// system takes a hole of a file for data once it is in its cache.</param>
/// <param name="used">The ranges of it that matter.</param>
/// <param name="pieceLength">Length of a piece in bytes, a power of two.</param>
internal sealed class PieceQueue(BlockSource? source, IEnumerable<BlockRange> used, int pieceLength)
{
    private readonly object _lock = new();
    private readonly IEnumerator<BlockRange> _used =
        (source is null ? used : Stored(source, used)).GetEnumerator();
    private BlockRange? _rest;
    private bool _isStopped;

    /// <summary>Takes the next piece.</summary>
    /// <param name="ranges">Receives what of it is used, ascending.</param>
    /// <returns>Its number, or -1 when there is none.</returns>
    public long Take(List<BlockRange> ranges)
    {
        ranges.Clear();
        lock (_lock)
        {
            if (_isStopped || Next() is not { } range)
            {
                return -1;
            }

            long piece = range.Offset / pieceLength;
            long end = (piece + 1) * pieceLength;
            do
            {
                long part = Math.Min(range.End, end);
                ranges.Add(new(range.Offset, part - range.Offset));
                _rest = part < range.End ? new(part, range.End - part) : null;
            }
            while (_rest is null && Next() is { } next && Keep(next, end, ref range));

            return piece;
        }
    }

    /// <summary>There is nothing left for anybody.</summary>
    public void Stop() => Volatile.Write(ref _isStopped, true);

    // What of the ranges is not known to be zero.
    private static IEnumerable<BlockRange> Stored(BlockSource source, IEnumerable<BlockRange> used)
    {
        foreach (BlockRange range in used)
        {
            for (long offset = range.Offset; offset < range.End;)
            {
                Extent extent = source.GetExtent(offset);
                long end = Math.Min(extent.End, range.End);
                if (extent.Kind == ExtentKind.Data)
                {
                    yield return new(offset, end - offset);
                }

                offset = end;
            }
        }
    }

    private BlockRange? Next()
    {
        if (_rest is { } rest)
        {
            _rest = null;
            return rest;
        }

        return _used.MoveNext() ? _used.Current : null;
    }

    private bool Keep(BlockRange next, long end, ref BlockRange range)
    {
        if (next.Offset >= end)
        {
            _rest = next;
            return false;
        }

        range = next;
        return true;
    }
}
