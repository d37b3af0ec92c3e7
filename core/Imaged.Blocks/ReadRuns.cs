namespace Imaged.Blocks;

/// <summary>Finds the reads of a source that go on where others ended: the few runs of bytes that were read last.
/// Thread-safe; of two reads that follow each other the second may come first.</summary>
internal sealed class ReadRuns
{
    // Readers that go through one source at the same time.
    private const int Count = 8;

    // So much was read in one go before anything is fetched ahead.
    private const long MinLength = 128 << 10;

    private const long MinWindow = 4 << 20;

    // How many reads later a plan is given up, and a run is no longer what is being read now; and how much can have
    // been read of one out of order.
    private const int MaxPlanAge = 8;
    private const int MaxAge = 64;
    private const long MaxOvertaken = 16 << 20;

    private readonly object _lock = new();
    private readonly Run[] _runs = new Run[Count];
    private long _clock;
    private bool _isPlanned;

    /// <summary>Notes a read.</summary>
    /// <param name="offset">Byte offset.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="isWanted">Whether a plan is.</param>
    /// <param name="plan">What to fetch ahead; <see cref="Finish"/> must follow.</param>
    /// <returns>False when nothing is to be fetched ahead now.</returns>
    public bool Continue(long offset, int length, bool isWanted, out Plan plan)
    {
        plan = default;
        lock (_lock)
        {
            bool isNew = !Extend(offset, offset + length, out int index);
            ref Run run = ref _runs[index];
            run.Used = ++_clock;
            if (isNew || !isWanted || _isPlanned || run.End - run.Begin < MinLength)
            {
                return false;
            }

            _isPlanned = true;
            plan = new(run.Number, _clock, run.End - run.Begin, run.End, Math.Max(run.End, run.Planned));
            return true;
        }
    }

    /// <summary>Adds a chunk to what is fetched ahead, unless it has just been read: by a read that overtook the one
    /// that the plan was made for, or overtakes it now.</summary>
    /// <returns>False when there is no room for it now, or the plan is old.</returns>
    public bool TryAdd(ReadAhead ahead, ChunkedSource source, int owner, in Chunk chunk, in Plan plan)
    {
        lock (_lock)
        {
            if (_clock - plan.Clock > MaxPlanAge)
            {
                return false;
            }

            foreach (ref Run run in _runs.AsSpan())
            {
                if (chunk.Offset >= Math.Max(run.Begin, run.End - MaxOvertaken) && chunk.Offset < run.End
                    && _clock - run.Used <= MaxAge)
                {
                    return true;
                }
            }

            return ahead.TryAdd(source, owner, chunk, plan.Run);
        }
    }

    /// <summary>Notes how far a plan has been followed.</summary>
    public void Finish(in Plan plan, long end)
    {
        lock (_lock)
        {
            _isPlanned = false;
            foreach (ref Run run in _runs.AsSpan())
            {
                if (run.Number == plan.Run)
                {
                    run.Planned = Math.Max(run.Planned, end);
                }
            }
        }
    }

    // Whether a run ends where the read begins. The index is that of the run that now has the read: if there was none,
    // of the one that begins behind it, or of a new one in place of the one not used for longest. Runs that meet become
    // one.
    private bool Extend(long offset, long end, out int index)
    {
        int found = -1;
        int behind = -1;
        int oldest = 0;
        for (int i = 0; i < Count; i++)
        {
            ref Run run = ref _runs[i];
            if (run.Used != 0 && run.End == offset)
            {
                found = i;
            }
            else if (run.Used != 0 && run.Begin == end)
            {
                behind = i;
            }

            oldest = run.Used < _runs[oldest].Used ? i : oldest;
        }

        if (found < 0)
        {
            index = behind >= 0 ? behind : oldest;
            ref Run run = ref _runs[index];
            run = behind >= 0
                ? run with { Begin = offset }
                : new Run { Begin = offset, End = end, Number = _clock + 1 };
            return false;
        }

        index = found;
        _runs[index].End = end;
        if (behind >= 0)
        {
            _runs[index].End = _runs[behind].End;
            _runs[index].Planned = Math.Max(_runs[index].Planned, _runs[behind].Planned);
            _runs[behind] = default;
        }

        return true;
    }

    /// <summary>What to fetch ahead.</summary>
    /// <param name="Run">Number of the run of reads.</param>
    /// <param name="Clock">Number of the read that it was made for.</param>
    /// <param name="Length">Bytes that the run has had.</param>
    /// <param name="End">Byte offset behind what has been read.</param>
    /// <param name="Begin">Byte offset from which on nothing has been fetched.</param>
    public readonly record struct Plan(long Run, long Clock, long Length, long End, long Begin)
    {
        /// <summary>Byte offset at which to stop: so far ahead as has been read, up to two chunks for each
        /// thread.</summary>
        /// <param name="chunkLength">Length of the chunks in bytes.</param>
        /// <param name="threads">Threads that decode.</param>
        public long EndOf(int chunkLength, int threads)
        {
            long window = Math.Clamp(2L * threads * chunkLength, MinWindow, ReadAhead.MaxBytes);
            return End + Math.Min(window, Length);
        }
    }

    private record struct Run
    {
        public long Begin;
        public long End;
        public long Planned;
        public long Number;
        public long Used;
    }
}
