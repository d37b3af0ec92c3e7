namespace Imaged.Blocks;

/// <summary>Decodes the chunks that follow those being read, on threads of its own, into a <see cref="BlockCache"/>.
/// Works for every <see cref="ChunkedSource"/> on that cache from its construction until it is disposed, which whoever
/// owns the cache does before the sources are.</summary>
/// <remarks>What it decodes is bounded in bytes and in number; a chunk that cannot be decoded is left to whoever reads
/// it, and fails there. No chunk is decoded both here and by a reader. Threads are started when there is work for
/// them.</remarks>
public sealed class ReadAhead : IDisposable
{
    /// <summary>Bytes that wait for their readers at most, decoded or to be decoded: two blocks of the length that xz
    /// makes by itself.</summary>
    public const long MaxBytes = 48 << 20;

    private const int MaxThreads = 8;
    private const int MaxWaiting = 1024;

    // Formats decode with little recursion; as much as the threads that serve have.
    private const int StackLength = 2 << 20;

    private readonly object _lock = new();
    private readonly BlockCache _cache;
    private readonly Queue<Item> _waiting = new();
    private readonly Thread?[] _threads;
    private readonly ChunkedSource?[] _running;
    private int _idle;
    private int _removing;
    private bool _stopped;

    /// <summary>Begins to decode ahead.</summary>
    /// <param name="cache">Where to; it has no other read-ahead.</param>
    /// <param name="threads">Number of threads, at least 1.</param>
    public ReadAhead(BlockCache cache, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _cache = cache;
        _threads = new Thread[threads];
        _running = new ChunkedSource[threads];
        cache.Reader = this;
    }

    /// <summary>One for each processor, up to eight.</summary>
    public static int DefaultThreads => Math.Min(Environment.ProcessorCount, MaxThreads);

    /// <summary>Number of threads that decode.</summary>
    public int Threads => _threads.Length;

    /// <summary>Gives up what waits, and returns when nothing is being decoded any more.</summary>
    public void Dispose()
    {
        _cache.Reader = null;
        lock (_lock)
        {
            _stopped = true;
            Withdraw(null);
            Monitor.PulseAll(_lock);
        }

        foreach (Thread? thread in _threads)
        {
            thread?.Join();
        }
    }

    /// <summary>Asks for a chunk to be decoded; of a source that will not be disposed before this returns.</summary>
    /// <returns>False when there is no room for it now.</returns>
    internal bool TryAdd(ChunkedSource source, int owner, in Chunk chunk, long run)
    {
        lock (_lock)
        {
            if (_stopped || _waiting.Count >= MaxWaiting)
            {
                return false;
            }

            switch (_cache.Reserve(owner, chunk.Index, (int)chunk.Length, run, out CacheEntry? entry))
            {
                case Reservation.Needless:
                    return true;
                case Reservation.Refused:
                    return false;
                default:
                    _waiting.Enqueue(new Item(source, chunk, entry!));
                    Wake();
                    return true;
            }
        }
    }

    /// <summary>Gives up the chunks of a source, and returns when none of them is being decoded any more.</summary>
    internal void Remove(ChunkedSource source)
    {
        lock (_lock)
        {
            Withdraw(source);
            _removing++;
            while (Array.IndexOf(_running, source) >= 0)
            {
                Monitor.Wait(_lock);
            }

            _removing--;
        }
    }

    // Null means those of all sources.
    private void Withdraw(ChunkedSource? source)
    {
        for (int count = _waiting.Count; count > 0; count--)
        {
            Item item = _waiting.Dequeue();
            if (source is null || item.Source == source)
            {
                _cache.Release(item.Entry);
            }
            else
            {
                _waiting.Enqueue(item);
            }
        }
    }

    private void Wake()
    {
        if (_idle > 0)
        {
            Monitor.PulseAll(_lock);
        }

        int index = _idle < _waiting.Count ? Array.IndexOf(_threads, null) : -1;
        if (index >= 0)
        {
            _threads[index] = new Thread(() => Run(index), StackLength)
            {
                IsBackground = true,
                Name = $"ahead-{index}",
            };
            _threads[index]!.Start();
        }
    }

    private void Run(int index)
    {
        while (true)
        {
            Item item;
            lock (_lock)
            {
                _idle++;
                while (_waiting.Count == 0 && !_stopped)
                {
                    Monitor.Wait(_lock);
                }

                _idle--;
                if (_stopped)
                {
                    return;
                }

                item = _waiting.Dequeue();
                _running[index] = item.Source;
            }

            item.Source.DecodeAhead(item.Entry, item.Chunk);
            lock (_lock)
            {
                _running[index] = null;
                if (_removing > 0)
                {
                    Monitor.PulseAll(_lock);
                }
            }
        }
    }

    private readonly record struct Item(ChunkedSource Source, Chunk Chunk, CacheEntry Entry);
}
