using System.Collections.Concurrent;
using Imaged.Blocks;

namespace Imaged.Backup;

/// <summary>One target of a <see cref="RestoreJob"/>: what is done to it, and what became of it.</summary>
internal sealed class TargetWriter
{
    private readonly BlockTarget _target;
    private readonly List<DiskPatch> _patches;
    private readonly PieceHashes _hashes;
    private readonly JobMeter _meter;
    private readonly BlockingCollection<SharedPiece> _pieces = [];
    private readonly List<BlockRange> _bad = [];
    private IOException? _failure;

    /// <summary>A target that nothing was done to yet.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="threadCount">How many threads write to it, or read back.</param>
    /// <param name="hashes">Hashes of the pieces, which are there when it is compared.</param>
    /// <param name="meter">Told how far it is.</param>
    public TargetWriter(TargetDisk disk, int threadCount, PieceHashes hashes, JobMeter meter)
    {
        _target = disk.Target;
        _patches = [.. disk.Patches];
        _hashes = hashes;
        _meter = meter;
        ThreadCount = threadCount;
    }

    /// <summary>How many threads call <see cref="WritePieces"/>.</summary>
    public int ThreadCount { get; }

    /// <summary>What became of it so far.</summary>
    public TargetResult Result
    {
        get
        {
            lock (_bad)
            {
                return new(BlockRange.Join(_bad), _failure);
            }
        }
    }

    /// <summary>Whether all of a range is given by patches.</summary>
    public bool IsPatched(BlockRange range) => _patches.Sum(patch =>
        Math.Max(0, Math.Min(range.End, patch.Range.End) - Math.Max(range.Offset, patch.Offset))) == range.Length;

    /// <summary>Adds bytes that are patched on other targets: where they are not on this one, they stay as they
    /// are.</summary>
    public void Fill(long offset, byte[] original)
    {
        byte[] bytes = [.. original];
        BlockRange range = new(offset, bytes.Length);
        _patches.ForEach(patch => patch.ApplyTo(offset, bytes));
        _patches.RemoveAll(patch => patch.Offset >= range.Offset && patch.Range.End <= range.End);
        _patches.Add(new(offset, bytes));
    }

    /// <summary>Does a step of the job, unless an earlier one failed.</summary>
    public void Attempt(Action<TargetWriter> step)
    {
        if (!Result.IsDone)
        {
            return;
        }

        try
        {
            step(this);
        }
        catch (IOException error)
        {
            Fail(error);
        }
    }

    /// <summary>Clears both ends, so that nothing is found on it any more, and discards what is not used.</summary>
    public void Clear(IEnumerable<BlockRange> used)
    {
        WipeEnds();
        _target.Flush();
        long next = SharedPiece.Length;
        long end = _target.Length - SharedPiece.Length;
        foreach (BlockRange range in used)
        {
            Discard(next, Math.Min(range.Offset, end));
            next = Math.Max(next, range.End);
        }

        Discard(next, end);
    }

    /// <summary>Gives it a piece to write, which it releases.</summary>
    public void AddPiece(SharedPiece piece) => _pieces.Add(piece);

    /// <summary>There are no more pieces.</summary>
    public void EndPieces() => _pieces.CompleteAdding();

    /// <summary>Writes pieces until there are no more; for several threads at once. Once it has failed they are
    /// released only.</summary>
    /// <param name="failed">Called when it fails.</param>
    public void WritePieces(Action failed)
    {
        foreach (SharedPiece piece in _pieces.GetConsumingEnumerable())
        {
            long used = piece.Used;
            try
            {
                if (Volatile.Read(ref _failure) is null)
                {
                    WriteRanges(piece.Ranges, piece.Offset, piece.Bytes);
                }
            }
            catch (IOException error)
            {
                Fail(error);
                failed();
            }
            finally
            {
                piece.Release();
            }

            _meter.Add(used);
        }
    }

    /// <summary>Writes what the source knows to be zero, and waits for the medium.</summary>
    public void WriteZeros(IEnumerable<BlockRange> body)
    {
        PieceQueue queue = new(null, body, SharedPiece.Length);
        List<BlockRange> ranges = [];
        BlockRange run = default;
        while (queue.Take(ranges) is var number and >= 0)
        {
            foreach (BlockRange range in _hashes.Has(number) ? [] : ranges)
            {
                if (run.End != range.Offset)
                {
                    WriteZeros(run);
                    run = range;
                }
                else
                {
                    run = run with { Length = run.Length + range.Length };
                }
            }
        }

        WriteZeros(run);
        _target.Flush();
    }

    /// <summary>Reads all but both ends back.</summary>
    /// <param name="length">Length of the source in bytes.</param>
    /// <param name="body">What to read.</param>
    public void Compare(long length, IEnumerable<BlockRange> body)
    {
        using BlockSource written = _target.OpenRead();
        PieceQueue queue = new(null, body, SharedPiece.Length);
        PieceHashes seen = new(length);
        ThreadTeam.Run(ThreadCount, () => ComparePieces(queue, written, seen, length), queue.Stop);
        foreach (BlockRange range in _hashes.Compare(seen))
        {
            AddBad(range);
        }
    }

    /// <summary>Writes patches and head, and reads them back. When anything is wrong then, they are cleared
    /// again.</summary>
    /// <param name="head">First bytes of the source.</param>
    /// <param name="used">What of them is used.</param>
    /// <param name="check">Whether to read back.</param>
    public void Finish(byte[] head, IReadOnlyList<BlockRange> used, bool check)
    {
        try
        {
            WriteEnds(head, used, check);
        }
        catch (IOException error)
        {
            Fail(error);
        }

        if (!Result.IsDone)
        {
            WipeEnds();
            _target.Flush();
        }
    }

    private void WriteEnds(byte[] head, IReadOnlyList<BlockRange> used, bool check)
    {
        using AlignedBuffer buffer = new(SharedPiece.Length);
        Span<byte> first = buffer.GetSpan()[..head.Length];
        head.CopyTo(first);
        foreach (DiskPatch patch in _patches)
        {
            patch.ApplyTo(0, first);
            int inside = (int)Math.Clamp(head.Length - patch.Offset, 0, patch.Bytes.Length);
            if (inside < patch.Bytes.Length)
            {
                _target.Write(patch.Offset + inside, patch.Bytes.Span[inside..]);
            }
        }

        _target.Flush();
        IEnumerable<BlockRange> patched = _patches.Where(patch => patch.Offset < head.Length)
            .Select(patch => patch.Range with { Length = Math.Min(patch.Range.End, head.Length) - patch.Offset });
        WriteRanges(BlockRange.Union([.. used, .. patched]), 0, first);
        _target.Flush();
        if (check)
        {
            using BlockSource written = _target.OpenRead();
            foreach (BlockRange range in used)
            {
                Expect(written, range.Offset, first.Slice((int)range.Offset, (int)range.Length));
            }

            _patches.ForEach(patch => Expect(written, patch.Offset, patch.Bytes.Span));
        }
    }

    private void Expect(BlockSource written, long offset, ReadOnlySpan<byte> bytes)
    {
        if (!written.ReadBytes(offset, bytes.Length).AsSpan().SequenceEqual(bytes))
        {
            AddBad(new(offset, bytes.Length));
        }
    }

    private void WipeEnds()
    {
        Wipe(0);
        Wipe(_target.Length - SharedPiece.Length);
    }

    private void Wipe(long offset)
    {
        long begin = Math.Max(0, offset);
        _target.WriteZeros(begin, Math.Min(SharedPiece.Length, _target.Length - begin));
    }

    private void Discard(long begin, long end)
    {
        // Less is not worth a request.
        if (end - begin >= SharedPiece.Length)
        {
            _target.Discard(begin, end - begin);
        }
    }

    // Widened to what the target takes best: what is not used may as well be written.
    private void WriteRanges(IReadOnlyList<BlockRange> ranges, long offset, ReadOnlySpan<byte> piece)
    {
        int mask = _target.Alignment - 1;
        for (int i = 0; i < ranges.Count;)
        {
            int begin = (int)(ranges[i].Offset - offset) & ~mask;
            int end = WideEnd(ranges[i]);
            while (++i < ranges.Count && ((int)(ranges[i].Offset - offset) & ~mask) <= end)
            {
                end = WideEnd(ranges[i]);
            }

            _target.Write(offset + begin, piece[begin..Math.Min(end, piece.Length)]);
        }

        int WideEnd(BlockRange range) => ((int)(range.End - offset) + mask) & ~mask;
    }

    private void WriteZeros(BlockRange range)
    {
        if (range.Length > 0)
        {
            _target.WriteZeros(range.Offset, range.Length);
            _meter.Add(range.Length);
        }
    }

    private void ComparePieces(PieceQueue queue, BlockSource written, PieceHashes seen, long length)
    {
        using SharedPiece piece = new(null);
        while ((piece.Number = queue.Take(piece.Ranges)) >= 0)
        {
            bool isData = _hashes.Has(piece.Number);
            if (isData || !piece.Ranges.TrueForAll(range => IsHole(written, range)))
            {
                piece.Read(written, length);
                if (isData)
                {
                    seen.Add(piece);
                }
                else if (!piece.IsZero())
                {
                    AddBad(new(piece.Offset, piece.Bytes.Length));
                }
            }

            _meter.Add(piece.Used);
        }
    }

    private static bool IsHole(BlockSource written, BlockRange range)
    {
        Extent extent = written.GetExtent(range.Offset);
        return extent.Kind != ExtentKind.Data && extent.End >= range.End;
    }

    private void AddBad(BlockRange range)
    {
        lock (_bad)
        {
            _bad.Add(range);
        }
    }

    // The first failure is the one to tell.
    private void Fail(IOException error) => Interlocked.CompareExchange(ref _failure, error, null);
}
