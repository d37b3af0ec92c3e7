namespace Imaged.Formats.Udf;

/// <summary>A partition as addresses see it: maps its blocks to blocks of the volume.</summary>
internal abstract class UdfPartition
{
    /// <summary>For people: physical, virtual, sparable, metadata.</summary>
    public abstract string Kind { get; }

    /// <summary>A second copy of what this partition holds; null when there is none.</summary>
    public virtual UdfPartition? Mirror => null;

    /// <summary>Finds a block.</summary>
    /// <param name="block">Block of this partition.</param>
    /// <param name="physical">Block of the volume; it may lie behind the end of a truncated one.</param>
    /// <param name="run">How many blocks from there on follow each other in the volume, at least 1.</param>
    /// <returns>False when the partition has no such block.</returns>
    public abstract bool TryMap(uint block, out long physical, out uint run);
}

/// <summary>A type 1 map: the blocks of the volume as they are. The length in the partition descriptor is not believed:
/// some recorders write one that is too small, and no read gets beyond the volume anyway.</summary>
internal sealed class UdfPhysicalPartition : UdfPartition
{
    private readonly uint _start;

    /// <summary>A partition that begins at block <paramref name="start"/> of the volume.</summary>
    public UdfPhysicalPartition(uint start) => _start = start;

    /// <inheritdoc/>
    public override string Kind => "physical";

    /// <inheritdoc/>
    public override bool TryMap(uint block, out long physical, out uint run)
    {
        physical = (long)_start + block;
        run = uint.MaxValue - block;
        return run > 0;
    }
}

/// <summary>Packets of a rewritable disc, the bad ones replaced (UDF 2.2.9 and 2.2.12).</summary>
internal sealed class UdfSparablePartition : UdfPartition
{
    private readonly uint _start;
    private readonly uint _packetLength;
    private readonly uint[] _spared;
    private readonly uint[] _replacements;

    /// <summary>A sparable partition.</summary>
    /// <param name="start">Its first block in the volume.</param>
    /// <param name="packetLength">Blocks in a packet, not 0.</param>
    /// <param name="spared">First blocks of the replaced packets, in the partition, ascending.</param>
    /// <param name="replacements">The volume's blocks that stand for them.</param>
    public UdfSparablePartition(uint start, uint packetLength, uint[] spared, uint[] replacements)
    {
        _start = start;
        _packetLength = packetLength;
        _spared = spared;
        _replacements = replacements;
    }

    /// <inheritdoc/>
    public override string Kind => "sparable";

    /// <inheritdoc/>
    public override bool TryMap(uint block, out long physical, out uint run)
    {
        uint inside = block % _packetLength;
        uint packet = block - inside;
        int index = Array.BinarySearch(_spared, packet);
        if (index >= 0)
        {
            physical = (long)_replacements[index] + inside;
            run = _packetLength - inside;
            return true;
        }

        physical = (long)_start + block;
        run = (~index < _spared.Length ? _spared[~index] : uint.MaxValue) - block;
        return run > 0;
    }
}

/// <summary>Blocks of a write-once disc, each mapped by the virtual allocation table (UDF 2.2.8 and 2.2.11).</summary>
internal sealed class UdfVirtualPartition : UdfPartition
{
    private const uint Unused = 0xffffffff;
    private const uint MaxRun = 64;

    private readonly UdfPartition _inner;
    private readonly uint[] _table;

    /// <summary>A virtual partition.</summary>
    /// <param name="inner">The physical partition.</param>
    /// <param name="table">Block of that partition for each virtual block.</param>
    public UdfVirtualPartition(UdfPartition inner, uint[] table)
    {
        _inner = inner;
        _table = table;
    }

    /// <inheritdoc/>
    public override string Kind => "virtual";

    /// <inheritdoc/>
    public override bool TryMap(uint block, out long physical, out uint run)
    {
        (physical, run) = (0, 0);
        if (block >= _table.Length || _table[block] == Unused
            || !_inner.TryMap(_table[block], out physical, out uint max))
        {
            return false;
        }

        max = Math.Min(max, MaxRun);
        for (run = 1; run < max && block + run < _table.Length && _table[block + run] == (ulong)_table[block] + run;)
        {
            run++;
        }

        return true;
    }
}

/// <summary>The content of the metadata file as a partition of its own (UDF 2.50, 2.2.10).</summary>
internal sealed class UdfMetadataPartition : UdfPartition
{
    private readonly UdfPartition _inner;
    private readonly UdfRunList _file;
    private readonly int _blockSize;

    /// <summary>A metadata partition.</summary>
    /// <param name="inner">The partition that the metadata file lies in, wholly.</param>
    /// <param name="blockSize">Block size in bytes.</param>
    /// <param name="file">Where the metadata file lies.</param>
    /// <param name="mirror">The same for its mirror; null when that is not usable.</param>
    public UdfMetadataPartition(UdfPartition inner, int blockSize, UdfRunList file, UdfRunList? mirror)
    {
        _inner = inner;
        _blockSize = blockSize;
        _file = file;
        Mirror = mirror is null ? null : new UdfMetadataPartition(inner, blockSize, mirror, null);
    }

    /// <inheritdoc/>
    public override string Kind => "metadata";

    /// <inheritdoc/>
    public override UdfPartition? Mirror { get; }

    /// <inheritdoc/>
    public override bool TryMap(uint block, out long physical, out uint run)
    {
        (physical, run) = (0, 0);
        long offset = (long)block * _blockSize;
        if (offset >= _file.Length)
        {
            return false;
        }

        UdfRun found = _file.Find(offset);
        long inside = offset - found.Offset;
        long position = found.Position + inside;
        if (found.IsZero || position % _blockSize != 0
            || !_inner.TryMap((uint)(position / _blockSize), out physical, out run))
        {
            return false;
        }

        run = (uint)Math.Min(run, (found.Length - inside) / _blockSize);
        return run > 0;
    }
}

/// <summary>Stands for a map of a kind that imaged does not know.</summary>
internal sealed class UdfUnknownPartition : UdfPartition
{
    /// <inheritdoc/>
    public override string Kind => "unknown";

    /// <inheritdoc/>
    public override bool TryMap(uint block, out long physical, out uint run)
    {
        (physical, run) = (0, 0);
        return false;
    }
}
