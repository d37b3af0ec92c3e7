namespace Imaged.Formats.Udf;

/// <summary>A run of bytes of a file.</summary>
/// <param name="Offset">Byte offset in the file.</param>
/// <param name="Length">Length in bytes, above 0.</param>
/// <param name="Partition">Partition reference.</param>
/// <param name="Position">Byte offset in that partition; -1 for bytes that are not recorded and read as zero.</param>
internal readonly record struct UdfRun(long Offset, long Length, ushort Partition, long Position)
{
    /// <summary>Whether nothing is recorded.</summary>
    public bool IsZero => Position < 0;

    /// <summary>Byte offset in the file just behind the run.</summary>
    public long End => Offset + Length;
}

/// <summary>Where the bytes of a file lie: runs that tile it without gap.</summary>
internal sealed class UdfRunList
{
    private readonly UdfRun[] _runs;

    private UdfRunList(UdfRun[] runs, long length)
    {
        _runs = runs;
        Length = length;
    }

    /// <summary>Length of the file in bytes.</summary>
    public long Length { get; }

    /// <summary>Memory that the list takes, in bytes.</summary>
    public long MemoryBytes => _runs.Length * 32L;

    /// <summary>Whether all recorded runs are in one partition.</summary>
    public bool IsWithin(ushort partition) => Array.TrueForAll(_runs, run => run.IsZero || run.Partition == partition);

    /// <summary>The run that holds the byte at <paramref name="offset"/>, which must be inside the file.</summary>
    public UdfRun Find(long offset)
    {
        int low = 0;
        int high = _runs.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >>> 1;
            if (_runs[middle].Offset <= offset)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return _runs[low];
    }

    /// <summary>Collects the runs of one file in order.</summary>
    internal sealed class Builder
    {
        private readonly List<UdfRun> _runs = [];
        private readonly long _length;

        /// <summary>Begins a file of <paramref name="length"/> bytes.</summary>
        public Builder(long length) => _length = length;

        /// <summary>Bytes described so far; runs behind the end of the file are not kept.</summary>
        public long Described { get; private set; }

        /// <summary>Adds a run behind the last one.</summary>
        /// <param name="length">Length in bytes.</param>
        /// <param name="partition">Partition reference.</param>
        /// <param name="position">Byte offset there; -1 when nothing is recorded.</param>
        public void Add(long length, ushort partition, long position)
        {
            length = Math.Min(length, _length - Described);
            if (length <= 0)
            {
                return;
            }

            UdfRun run = new(Described, length, position < 0 ? (ushort)0 : partition, position);
            Described += length;
            if (_runs.Count > 0 && Joins(_runs[^1], run))
            {
                _runs[^1] = _runs[^1] with { Length = _runs[^1].Length + length };
                return;
            }

            _runs.Add(run);
        }

        /// <summary>The list; what no run describes reads as zero.</summary>
        public UdfRunList Build()
        {
            Add(_length - Described, 0, -1);
            return new([.. _runs], _length);
        }

        private static bool Joins(in UdfRun last, in UdfRun next) =>
            last.IsZero
                ? next.IsZero
                : !next.IsZero && last.Partition == next.Partition && last.Position + last.Length == next.Position;
    }
}
