using System.Diagnostics;
using System.IO.MemoryMappedFiles;

namespace Imaged.Fuzz;

/// <summary>Fuzzes one target in this process, led by coverage. The input under test always stands in a file that is
/// mapped, so that the parent finds it when this process dies.</summary>
internal sealed class FuzzLoop
{
    /// <summary>Exit status when an input took too long.</summary>
    public const int HangStatus = 3;

    private const int CurrentLength = 1 << 20;
    private const long MaxAllocation = 256L << 20;
    private static readonly TimeSpan HangLimit = TimeSpan.FromSeconds(20);

    private readonly FuzzTarget _target;
    private readonly Coverage _coverage = new();
    private readonly Mutator _mutator = new(Environment.TickCount);
    private readonly Random _random = new();
    private readonly IReadOnlyList<byte[]> _seeds;
    private readonly List<(FuzzInput Input, List<(long Offset, int Count)> Reads)> _corpus = [];
    private readonly HashSet<string> _found = [];
    private readonly MemoryMappedViewStream _current;
    private readonly BinaryWriter _writer;
    private long _started;
    private FuzzInput? _running;

    public FuzzLoop(FuzzTarget target, string currentPath)
    {
        _target = target;
        _seeds = SeedStore.For(target);
        using FileStream file = new(currentPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(
            file, null, CurrentLength, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _current = map.CreateViewStream();
        _writer = new(_current);
    }

    public int Run(TimeSpan time)
    {
        using Timer watchdog = new(_ => CheckHang(), null, 1000, 1000);
        Stopwatch clock = Stopwatch.StartNew();
        foreach (byte[] seed in _seeds)
        {
            Try(new(seed, seed.Length, []), keep: true);
        }

        long runs = 0;
        for (; clock.Elapsed < time; runs++)
        {
            // Half of the time one of the newest: they are where the search is.
            int last = _corpus.Count;
            int pick = _random.Next(2) == 0 ? _random.Next(last) : last - 1 - _random.Next(Math.Min(last, 16));
            (FuzzInput input, List<(long Offset, int Count)> reads) = _corpus[pick];
            Try(_mutator.Mutate(input, reads), keep: false);
        }

        Ledger.Add(_target.Name, (long)clock.Elapsed.TotalSeconds, runs);
        Console.WriteLine(
            $"{_target.Name}: {runs} runs in {clock.Elapsed.TotalSeconds:F0} s, {_seeds.Count} seeds, "
            + $"{_corpus.Count} inputs, {_coverage.Edges} edges, {_found.Count} findings");
        return _found.Count == 0 ? 0 : 1;
    }

    private void Try(FuzzInput input, bool keep)
    {
        _current.Position = 0;
        input.Save(_writer, IndexOfSeed(input.Seed));
        List<(long Offset, int Count)> reads = [];
        _running = input;
        Volatile.Write(ref _started, Stopwatch.GetTimestamp());
        _coverage.Begin();
        Exception? error = Execute(input, reads);
        bool isNew = _coverage.End();
        Volatile.Write(ref _started, 0);
        if (error is not null)
        {
            Found(input, error);
        }

        if (isNew || keep)
        {
            _corpus.Add((input, reads));
        }
    }

    private Exception? Execute(FuzzInput input, List<(long Offset, int Count)>? reads)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using PatchedSource source = new(input, reads);
            _target.Run(source);
        }
        catch (Exception error)
        {
            return error;
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return allocated > MaxAllocation ? new InsufficientMemoryException($"allocated {allocated >> 20} MiB") : null;
    }

    private void Found(FuzzInput input, Exception error)
    {
        string key = CrashStore.Key(error);
        if (!_found.Add(key))
        {
            return;
        }

        // Fewer changes are easier to understand.
        for (int i = input.Patches.Length - 1; i >= 0; i--)
        {
            FuzzInput smaller = input with { Patches = input.Patches.RemoveAt(i) };
            if (Execute(smaller, null) is { } same && CrashStore.Key(same) == key)
            {
                input = smaller;
            }
        }

        string? path = CrashStore.Save(_target.Name, key, input);
        Console.WriteLine($"{_target.Name}: {key}: {error.Message}\n  {path ?? "(known)"}\n{error.StackTrace}");
    }

    private void CheckHang()
    {
        long started = Volatile.Read(ref _started);
        if (started != 0 && Stopwatch.GetElapsedTime(started) > HangLimit && _running is { } input)
        {
            string? path = CrashStore.Save(_target.Name, $"hang-{_random.Next():x8}", input);
            Console.WriteLine($"{_target.Name}: an input ran for more than {HangLimit.TotalSeconds} s: {path}");
            Environment.Exit(HangStatus);
        }
    }

    private int IndexOfSeed(byte[] seed)
    {
        int i = 0;
        while (!ReferenceEquals(_seeds[i], seed))
        {
            i++;
        }

        return i;
    }
}
