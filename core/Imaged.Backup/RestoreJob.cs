using System.Runtime.ExceptionServices;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Backup;

/// <summary>Writes a disk to one or more others. Some threads read it, once; each target has threads of its own that
/// write, behind the readers by as many pieces as there is memory for. A target that fails is left behind, the others
/// go on. What a disk is known and booted by, its first bytes and its table, goes last, when everything else is written
/// and compared on all of them, and the first bytes are zero until then: nobody takes a half-written disk for a whole
/// one.</summary>
public sealed class RestoreJob
{
    private const int ThreadsPerProcessor = 2;
    private const int MaxThreads = 16;

    // Of a mebibyte each.
    private const int MaxPieces = 64;
    private const int PiecesPerWriter = 4;

    private readonly RestoreRequest _request;
    private readonly JobMeter _meter;
    private readonly TargetWriter[] _targets;
    private readonly IReadOnlyList<BlockRange> _patched;

    // Of what was read; of pieces that the source knew to be zero nothing was.
    private readonly PieceHashes _hashes;

    /// <summary>A job.</summary>
    /// <param name="request">What is to be written.</param>
    /// <param name="meter">Told how far it is; bytes of all targets are counted together.</param>
    /// <exception cref="UnsupportedFeatureException">The disk is longer than 512 TiB.</exception>
    public RestoreJob(RestoreRequest request, ProgressMeter meter)
    {
        _request = request;
        _meter = new(meter);
        _patched = BlockRange.Union(request.Targets.SelectMany(target => target.Patches).Select(patch => patch.Range));
        _hashes = new(request.Source.Length);
        int threads = Math.Clamp(MaxThreads / request.Targets.Count, 1, ThreadCount);
        _targets = [.. request.Targets.Select(target => new TargetWriter(target, threads, _hashes, _meter))];
    }

    /// <summary>Writes, and reads back.</summary>
    /// <returns>What became of each target, in their order.</returns>
    /// <exception cref="IOException">The source failed; the first bytes of all targets are zero then.</exception>
    public IReadOnlyList<TargetResult> Run()
    {
        try
        {
            Write();
        }
        catch (OperationCanceledException) when (_meter.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return [.. _targets.Select(target => target.Result)];
    }

    private static int ThreadCount => Math.Clamp(Environment.ProcessorCount * ThreadsPerProcessor, 2, MaxThreads);

    private void Write()
    {
        BlockSource source = _request.Source;
        long used = _request.Used.Sum(range => range.Length);
        byte[] head = source.ReadBytes(0, (int)Math.Min(SharedPiece.Length, source.Length));
        ReadPatched();
        _meter.Begin("restore", used * _targets.Length);
        ForEachTarget(target => target.Clear(_request.Used));
        WriteBody();
        ForEachTarget(target => target.WriteZeros(Body()));
        if (_request.Check)
        {
            _meter.Begin("compare", used * _targets.Count(target => target.Result.IsDone));
            ForEachTarget(target => target.Compare(source.Length, Body()));
        }

        IReadOnlyList<BlockRange> headUsed = [.. Within(_request.Used, 0, SharedPiece.Length)];
        ForEachTarget(target => target.Finish(head, headUsed, _request.Check));
        _meter.Add(headUsed.Sum(range => range.Length) * _targets.Length);
    }

    // What all targets have in common: no byte of it is other on one of them.
    private IEnumerable<BlockRange> Body() =>
        BlockRange.Except(Within(_request.Used, SharedPiece.Length, long.MaxValue), _patched);

    private static IEnumerable<BlockRange> Within(IEnumerable<BlockRange> ranges, long begin, long end) => ranges
        .Select(range => (First: Math.Max(range.Offset, begin), Last: Math.Min(range.End, end)))
        .Where(range => range.First < range.Last)
        .Select(range => new BlockRange(range.First, range.Last - range.First));

    // What is patched on one target is on another one as it is in the source.
    private void ReadPatched()
    {
        foreach (BlockRange range in Within(_patched, 0, _request.Source.Length))
        {
            byte[]? original = null;
            foreach (TargetWriter target in _targets.Where(target => !target.IsPatched(range)))
            {
                original ??= _request.Source.ReadBytes(range.Offset, (int)range.Length);
                target.Fill(range.Offset, original);
            }
        }
    }

    private void ForEachTarget(Action<TargetWriter> work)
    {
        int next = -1;
        ThreadTeam.Run(
            _targets.Length, () => _targets[Interlocked.Increment(ref next)].Attempt(work), () => { });
    }

    private void WriteBody()
    {
        int readers = ThreadCount;
        int writers = _targets.Sum(target => target.ThreadCount);
        PieceQueue queue = new(null, Body(), SharedPiece.Length);
        using PiecePool pool = new(Math.Min(MaxPieces, readers + (writers * PiecesPerWriter)));
        int role = -1;
        int reading = readers;
        ThreadTeam.Run(readers + writers, Work, Stop);

        void Work()
        {
            int mine = Interlocked.Increment(ref role);
            if (mine >= readers)
            {
                // When no target is left nobody needs to read.
                TargetWriter target = _targets[(mine - readers) % _targets.Length];
                target.WritePieces(() => StopWithoutTargets(queue));
                return;
            }

            try
            {
                ReadPieces(queue, pool);
            }
            finally
            {
                if (Interlocked.Decrement(ref reading) == 0)
                {
                    Array.ForEach(_targets, target => target.EndPieces());
                }
            }
        }

        void Stop()
        {
            queue.Stop();
            pool.Stop();
        }
    }

    private void StopWithoutTargets(PieceQueue queue)
    {
        if (_targets.All(target => !target.Result.IsDone))
        {
            queue.Stop();
        }
    }

    private void ReadPieces(PieceQueue queue, PiecePool pool)
    {
        while (pool.Take() is { } piece)
        {
            do
            {
                piece.Number = queue.Take(piece.Ranges);
            }
            while (piece.Number >= 0 && !piece.Ranges.Any(HasData));
            if (piece.Number < 0)
            {
                pool.Return(piece);
                return;
            }

            piece.Read(_request.Source, _request.Source.Length);
            _hashes.Add(piece);
            piece.Share(_targets.Length);
            foreach (TargetWriter target in _targets)
            {
                target.AddPiece(piece);
            }
        }
    }

    // Asked once for each piece: what is said later may be something else.
    private bool HasData(BlockRange range)
    {
        for (long offset = range.Offset; offset < range.End;)
        {
            Extent extent = _request.Source.GetExtent(offset);
            if (extent.Kind == ExtentKind.Data)
            {
                return true;
            }

            offset = extent.End;
        }

        return false;
    }
}
