using System.IO.Hashing;
using Imaged.Blocks;

namespace Imaged.Backup;

/// <summary>Writes a disk: every thread takes a piece, reads it, and writes what of it is used. What a disk is known
/// and booted by, its first bytes, goes last, and is zero until then: nobody takes a half-written disk for a whole
/// one.</summary>
public sealed class RestoreJob
{
    // Also what is written last: partition tables, boot sectors and superblocks.
    private const int PieceLength = 1 << 20;

    private const int ThreadsPerProcessor = 2;
    private const int MaxThreads = 16;

    private readonly RestoreRequest _request;
    private readonly ProgressMeter _meter;

    // Of what was written of each piece.
    private readonly UInt128[] _hashes;

    /// <summary>A job.</summary>
    /// <param name="request">What is to be written.</param>
    /// <param name="meter">Told how far it is.</param>
    public RestoreJob(RestoreRequest request, ProgressMeter meter)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(request.Source.Length, request.Target.Length, nameof(request));
        _request = request;
        _meter = meter;
        _hashes = new UInt128[(request.Source.Length + PieceLength - 1) / PieceLength];
    }

    /// <summary>Writes, and reads back.</summary>
    /// <returns>What differs when it is read back, ascending; nothing when that is not asked for.</returns>
    /// <exception cref="IOException">A side failed; the first bytes of the target are zero then.</exception>
    public IReadOnlyList<BlockRange> Run()
    {
        BlockTarget target = _request.Target;
        _meter.Begin("restore", _request.Used.Sum(range => range.Length));
        Wipe(target, 0);
        Wipe(target, target.Length - PieceLength);
        target.Flush();
        DiscardUnused();
        PieceQueue body = new(_request.Source, Within(PieceLength, long.MaxValue), PieceLength);
        ThreadTeam.Run(ThreadCount, () => WritePieces(body), body.Stop);
        ForEachZero(range =>
        {
            target.WriteZeros(range.Offset, range.Length);
            _meter.Add(range.Length);
        });
        target.Flush();
        WritePieces(new(_request.Source, Within(0, PieceLength), PieceLength));
        target.Flush();
        return _request.Check ? ReadBack() : [];
    }

    private static int ThreadCount => Math.Clamp(Environment.ProcessorCount * ThreadsPerProcessor, 2, MaxThreads);

    private static void Wipe(BlockTarget target, long offset)
    {
        long begin = Math.Max(0, offset);
        target.WriteZeros(begin, Math.Min(PieceLength, target.Length - begin));
    }

    // What of the used ranges lies between two offsets.
    private IEnumerable<BlockRange> Within(long begin, long end) => _request.Used
        .Select(range => (First: Math.Max(range.Offset, begin), Last: Math.Min(range.End, end)))
        .Where(range => range.First < range.Last)
        .Select(range => new BlockRange(range.First, range.Last - range.First));

    private void WritePieces(PieceQueue queue)
    {
        using AlignedBuffer buffer = new(PieceLength);
        List<BlockRange> ranges = [];
        while (queue.Take(ranges) is var number and >= 0)
        {
            long offset = number * PieceLength;
            Span<byte> piece = buffer.GetSpan()[..(int)Math.Min(PieceLength, _request.Source.Length - offset)];
            _request.Source.Read(offset, piece);
            _hashes[number] = Hash(ranges, offset, piece);
            WriteRanges(ranges, offset, piece);
            _meter.Add(ranges.Sum(range => range.Length));
        }
    }

    private static UInt128 Hash(List<BlockRange> ranges, long offset, ReadOnlySpan<byte> piece)
    {
        XxHash128 hash = new();
        foreach (BlockRange range in ranges)
        {
            hash.Append(piece.Slice((int)(range.Offset - offset), (int)range.Length));
        }

        return hash.GetCurrentHashAsUInt128();
    }

    // Widened to what the target takes best: what is not used may as well be written.
    private void WriteRanges(List<BlockRange> ranges, long offset, ReadOnlySpan<byte> piece)
    {
        int mask = _request.Target.Alignment - 1;
        for (int i = 0; i < ranges.Count;)
        {
            int begin = (int)(ranges[i].Offset - offset) & ~mask;
            int end = WideEnd(ranges[i]);
            while (++i < ranges.Count && ((int)(ranges[i].Offset - offset) & ~mask) <= end)
            {
                end = WideEnd(ranges[i]);
            }

            _request.Target.Write(offset + begin, piece[begin..Math.Min(end, piece.Length)]);
        }

        int WideEnd(BlockRange range) => ((int)(range.End - offset) + mask) & ~mask;
    }

    private void DiscardUnused()
    {
        long next = PieceLength;
        long end = _request.Target.Length - PieceLength;
        foreach (BlockRange range in _request.Used)
        {
            Discard(next, Math.Min(range.Offset, end));
            next = Math.Max(next, range.End);
        }

        Discard(next, end);
    }

    private void Discard(long begin, long end)
    {
        // Less is not worth a request.
        if (end - begin >= PieceLength)
        {
            _request.Target.Discard(begin, end - begin);
        }
    }

    // What is used, and zero by what the source knows: behind the first bytes, which are zero already.
    private void ForEachZero(Action<BlockRange> use)
    {
        foreach (BlockRange range in Within(PieceLength, long.MaxValue))
        {
            for (long offset = range.Offset; offset < range.End;)
            {
                Extent extent = _request.Source.GetExtent(offset);
                long end = Math.Min(extent.End, range.End);
                if (extent.Kind != ExtentKind.Data)
                {
                    use(new(offset, end - offset));
                }

                offset = end;
            }
        }
    }

    private IReadOnlyList<BlockRange> ReadBack()
    {
        using BlockSource written = _request.Target.OpenRead();
        List<BlockRange> bad = [];
        _meter.Begin("compare", _request.Used.Sum(range => range.Length));
        PieceQueue queue = new(_request.Source, Within(0, long.MaxValue), PieceLength);
        ThreadTeam.Run(ThreadCount, () => ComparePieces(queue, written, bad), queue.Stop);
        ForEachZero(range => CompareZeros(range, written, bad));
        return BlockRange.Join(bad);
    }

    private void ComparePieces(PieceQueue queue, BlockSource written, List<BlockRange> bad)
    {
        using AlignedBuffer buffer = new(PieceLength);
        List<BlockRange> ranges = [];
        while (queue.Take(ranges) is var number and >= 0)
        {
            long offset = number * PieceLength;
            Span<byte> piece = buffer.GetSpan()[..(int)Math.Min(PieceLength, _request.Source.Length - offset)];
            written.Read(offset, piece);
            if (Hash(ranges, offset, piece) != _hashes[number])
            {
                lock (bad)
                {
                    bad.Add(new(offset, piece.Length));
                }
            }

            _meter.Add(ranges.Sum(range => range.Length));
        }
    }

    private void CompareZeros(BlockRange range, BlockSource written, List<BlockRange> bad)
    {
        using AlignedBuffer buffer = new(PieceLength);
        for (long offset = range.Offset; offset < range.End;)
        {
            Extent extent = written.GetExtent(offset);
            long end = Math.Min(Math.Min(extent.End, range.End), offset + PieceLength);
            if (extent.Kind == ExtentKind.Data)
            {
                Span<byte> piece = buffer.GetSpan()[..(int)(end - offset)];
                written.Read(offset, piece);
                if (piece.ContainsAnyExcept((byte)0))
                {
                    bad.Add(new(offset, piece.Length));
                }
            }
            else
            {
                end = Math.Min(extent.End, range.End);
            }

            _meter.Add(end - offset);
            offset = end;
        }
    }
}
