namespace Imaged.Formats.Ext;

/// <summary>A run of blocks of a file that are equal in kind and stored one behind the other.</summary>
/// <param name="Physical">Block of the volume where it begins; below 0 when it reads as zero (a hole, or allocated but
/// never written).</param>
/// <param name="Count">Number of blocks, at least 1.</param>
internal readonly record struct ExtRun(long Physical, long Count)
{
    public bool IsZero => Physical < 0;

    public static ExtRun Zero(long count) => new(-1, count);
}

/// <summary>Where the blocks of a file are. Stateless; finding a run allocates nothing.</summary>
internal abstract class ExtBlockMap
{
    protected ExtBlockMap(ExtVolume volume, uint inode)
    {
        Volume = volume;
        Inode = inode;
    }

    protected ExtVolume Volume { get; }

    protected uint Inode { get; }

    public static ExtBlockMap Of(ExtVolume volume, ExtInode inode) => inode.Has(ExtInodeFlags.Extents)
        ? new ExtExtentMap(volume, inode.Number, inode.Map.ToArray())
        : new ExtIndirectMap(volume, inode.Number, inode.Map.ToArray());

    /// <summary>The run that begins at block <paramref name="block"/> of the file.</summary>
    /// <param name="block">Block number in the file, not below 0.</param>
    /// <param name="wanted">At least 1; the run is cut to so many blocks.</param>
    public abstract ExtRun Find(long block, long wanted);
}
