using Imaged.Blocks;

namespace Imaged.Backup;

/// <summary>Reads a disk that may have bad places. Thread-safe.</summary>
/// <param name="source">The disk.</param>
/// <param name="keepGoing">Whether what cannot be read is zero and noted; else reading it throws.</param>
internal sealed class LostRanges(BlockSource source, bool keepGoing)
{
    // What a bad place is narrowed down to: a track of a few sectors first, then the sectors.
    private const int TrackLength = 64 << 10;

    // A disk with more bad places than that is beyond saving: the manifest has to hold them.
    private const int MaxRanges = 100_000;

    private readonly object _lock = new();
    private readonly List<BlockRange> _ranges = [];

    /// <summary>Reads; see <see cref="BlockSource.Read"/>.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        try
        {
            source.Read(offset, destination);
        }
        catch (IOException) when (keepGoing)
        {
            ReadPieces(offset, destination);
        }
    }

    /// <summary>What could not be read, ascending, neighbours joined.</summary>
    public IReadOnlyList<BlockRange> ToRanges()
    {
        lock (_lock)
        {
            return BlockRange.Join(_ranges);
        }
    }

    private void ReadPieces(long offset, Span<byte> destination)
    {
        int unit = destination.Length > TrackLength ? TrackLength : source.SectorSize;
        while (!destination.IsEmpty)
        {
            // Up to the next multiple of the unit, as the disk has it.
            int length = (int)Math.Min(destination.Length, unit - (offset % unit));
            Span<byte> piece = destination[..length];
            try
            {
                source.Read(offset, piece);
            }
            catch (IOException) when (length > source.SectorSize)
            {
                ReadPieces(offset, piece);
            }
            catch (IOException error)
            {
                piece.Clear();
                Note(new(offset, length), error);
            }

            offset += length;
            destination = destination[length..];
        }
    }

    private void Note(BlockRange range, IOException error)
    {
        lock (_lock)
        {
            if (_ranges.Count == MaxRanges)
            {
                throw new IOException($"more than {MaxRanges} places cannot be read: {error.Message}", error);
            }

            _ranges.Add(range);
        }
    }
}
