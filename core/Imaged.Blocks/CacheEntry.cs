namespace Imaged.Blocks;

/// <summary>A block of one of the sources on a <see cref="BlockCache"/>.</summary>
internal readonly record struct BlockKey(int Owner, long Block);

/// <summary>What came of a wish to fill a block ahead.</summary>
internal enum Reservation
{
    /// <summary>The block is to be filled ahead.</summary>
    Made,

    /// <summary>The block is there, or on its way.</summary>
    Needless,

    /// <summary>So many blocks wait for their readers that there is no room.</summary>
    Refused,
}

/// <summary>A block that a <see cref="BlockCache"/> holds or has promised. It is locked while it is being filled; all
/// else is under the cache's lock. It is removed only when nobody has it pinned.</summary>
internal sealed class CacheEntry
{
    public readonly BlockKey Key;
    public readonly int Length;
    public readonly LinkedListNode<CacheEntry> Node;

    // Made when it is filled for the first time.
    public byte[]? Bytes;

    // Number of the run of reads that it was promised to.
    public long Run;
    public int Pins;
    public bool Filled;

    // Whole, by somebody who does not come back.
    public bool IsRead;

    public CacheEntry(BlockKey key, int length)
    {
        Key = key;
        Length = length;
        Node = new LinkedListNode<CacheEntry>(this);
    }
}
