using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;

namespace Imaged.Backup;

/// <summary>What of a disk has to be saved: everything outside of partitions, and of each partition what its file
/// system uses.</summary>
public sealed class BackupPlan
{
    // Behind each other: a run of bytes that all matter, or a volume with what it uses.
    private readonly List<(long Offset, long Length, BlockSet? Volume)> _parts = [];
    private readonly List<SavedVolume> _volumes = [];
    private readonly List<string> _warnings = [];
    private readonly BlockSource _disk;
    private readonly PartitionTable? _table;

    private readonly bool _keepGoing;

    private BackupPlan(BlockSource disk, PartitionTable? table, bool keepGoing)
    {
        _disk = disk;
        _table = table;
        _keepGoing = keepGoing;
    }

    /// <summary>The bytes that matter, ascending, without overlaps. They are listed anew each time: there may be more
    /// of them than fit into memory.</summary>
    public IEnumerable<BlockRange> Used => _parts.SelectMany(part => part.Volume is { } volume
        ? volume.Ranges().Select(range => new BlockRange(part.Offset + range.Offset, range.Length))
        : [new BlockRange(part.Offset, part.Length)]);

    /// <summary>The file systems.</summary>
    public IReadOnlyList<SavedVolume> Volumes => _volumes;

    /// <summary>What a person should know, one sentence each without a full stop.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>The partition table as a manifest has it; null when there is none.</summary>
    public SavedTable? Table =>
        _table is null ? null : new(_table.TypeId, _table.Uuid, [.. _table.Partitions.Select(Save)]);

    /// <summary>Looks at a disk that nobody writes to.</summary>
    /// <param name="disk">The disk, or one partition; stays the caller's.</param>
    /// <param name="keepGoing">Whether a volume whose maps cannot be read is saved as a whole; else that
    /// throws.</param>
    /// <exception cref="IOException">The disk cannot be read.</exception>
    public static BackupPlan Of(BlockSource disk, bool keepGoing)
    {
        string? unreadable = null;
        PartitionTable? table = null;
        try
        {
            table = PartitionTables.Read(disk);
        }
        catch (IOException error) when (keepGoing)
        {
            unreadable = $"whether there is a partition table cannot be read: {error.Message}";
        }

        BackupPlan plan = new(disk, table is { Partitions.IsEmpty: false } ? table : null, keepGoing);
        if (unreadable is not null)
        {
            plan._warnings.Add(unreadable);
        }

        plan.Collect();
        return plan;
    }

    /// <summary>What of a disk behind an offset is not zero by what the source knows.</summary>
    public static IEnumerable<BlockRange> DataOf(BlockSource disk, long offset)
    {
        while (offset < disk.Length)
        {
            Extent extent = disk.GetExtent(offset);
            if (extent.Kind == ExtentKind.Data)
            {
                yield return new(extent.Offset, extent.Length);
            }

            offset = extent.End;
        }
    }

    private static SavedPartition Save(Partition partition) =>
        new(partition.Number, partition.Offset, partition.Length, partition.TypeId, partition.Name, partition.Uuid);

    private void Collect()
    {
        if (_table is null)
        {
            Add(null, 0, _disk.Length);
            return;
        }

        long end = 0;
        foreach (Partition partition in _table.Partitions.OrderBy(partition => partition.Offset))
        {
            if (partition.Offset < end)
            {
                // What lies in two partitions is saved as the first one wants it; when they disagree, all of it.
                _warnings.Add($"partition {partition.Number} overlaps the one before it: the whole disk is saved");
                _parts.Clear();
                _volumes.Clear();
                AddRange(0, _disk.Length);
                return;
            }

            AddRange(end, partition.Offset);
            Add(partition, partition.Offset, partition.Length);
            end = partition.Offset + partition.Length;
        }

        AddRange(end, _disk.Length);
    }

    private void Add(Partition? partition, long offset, long length)
    {
        if (length == 0)
        {
            return;
        }

        using SliceSource volume = new(_disk, offset, length, ownsInner: false, _table?.SectorSize ?? 0);
        UsedBlocks used = ReadMap(volume);
        _parts.Add((offset, length, used.Blocks));
        string prefix = partition is null ? string.Empty : $"partition {partition.Number}: ";
        _warnings.AddRange(used.Warnings.Select(warning => prefix + warning));
        VolumeInfo? info = used.FileSystem is { } id ? FileSystems.Find(id)?.Probe(volume) : null;
        _volumes.Add(new(partition?.Number, offset, length, used.FileSystem)
        {
            Label = info?.Label,
            Uuid = info?.Uuid,
            Used = used.Blocks.Count,
            Whole = used.WholeBecause,
        });
    }

    private UsedBlocks ReadMap(BlockSource volume)
    {
        // Its maps lie anywhere: to read them would mean to decode everything, perhaps several times.
        if (volume.IsOneWay)
        {
            return UsedBlocks.Whole(volume.Length, null, "what is in use could only be found by reading it twice");
        }

        try
        {
            return UsedBlockMaps.Read(volume);
        }
        catch (IOException error) when (_keepGoing)
        {
            return UsedBlocks.Whole(volume.Length, null, $"what is in use cannot be read: {error.Message}");
        }
    }

    private void AddRange(long begin, long end)
    {
        if (end > begin)
        {
            _parts.Add((begin, end - begin, null));
        }
    }
}
