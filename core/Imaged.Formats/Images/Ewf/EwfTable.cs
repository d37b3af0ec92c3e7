namespace Imaged.Formats.Images.Ewf;

/// <summary>A table of chunks in a file. Entries are read when a chunk is: 16 bytes for each would be half a gigabyte
/// for a disk of a terabyte.</summary>
internal abstract class EwfTable
{
    /// <summary>A table.</summary>
    /// <param name="segment">The file that has its chunks.</param>
    /// <param name="firstChunk">Number of its first chunk.</param>
    /// <param name="count">How many it has.</param>
    protected EwfTable(EwfSegment segment, long firstChunk, int count)
    {
        Segment = segment;
        FirstChunk = firstChunk;
        Count = count;
    }

    /// <summary>The file that has the chunks.</summary>
    public EwfSegment Segment { get; }

    /// <summary>Number of the first chunk.</summary>
    public long FirstChunk { get; }

    /// <summary>How many chunks it has.</summary>
    public int Count { get; }

    /// <summary>Where a chunk stands.</summary>
    /// <param name="index">Its index in the table.</param>
    public abstract EwfChunk GetChunk(int index);
}
