using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;

namespace Imaged.Backup;

/// <summary>What of a disk has to be saved: everything outside of partitions, and of each partition what its file
/// system uses.</summary>
public sealed class BackupPlan
{
    private readonly List<BlockRange> _used = [];
    private readonly List<SavedVolume> _volumes = [];
    private readonly List<string> _warnings = [];
    private readonly BlockSource _disk;
    private readonly PartitionTable? _table;

    private BackupPlan(BlockSource disk, PartitionTable? table)
    {
        _disk = disk;
        _table = table;
    }

    /// <summary>The bytes that matter, ascending, without overlaps.</summary>
    public IReadOnlyCollection<BlockRange> Used => _used;

    /// <summary>How many bytes that are.</summary>
    public long UsedLength => _used.Sum(range => range.Length);

    /// <summary>The file systems.</summary>
    public IReadOnlyList<SavedVolume> Volumes => _volumes;

    /// <summary>What a person should know, one sentence each without a full stop.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>The partition table as a manifest has it; null when there is none.</summary>
    public SavedTable? Table =>
        _table is null ? null : new(_table.TypeId, _table.Uuid, [.. _table.Partitions.Select(Save)]);

    /// <summary>Looks at a disk that nobody writes to.</summary>
    /// <param name="disk">The disk, or one partition; stays the caller's.</param>
    /// <exception cref="IOException">The disk cannot be read.</exception>
    public static BackupPlan Of(BlockSource disk)
    {
        // A boot sector of FAT or NTFS looks like a partition table to a careless reader, but not the other way round.
        PartitionTable? table = PartitionTables.Read(disk);
        BackupPlan plan = new(disk, table is { Partitions.IsEmpty: false } ? table : null);
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
                _used.Clear();
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
        UsedBlocks used = UsedBlockMaps.Read(volume);
        foreach (BlockRange range in used.Blocks.Ranges())
        {
            AddRange(offset + range.Offset, offset + range.End);
        }

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

    private void AddRange(long begin, long end)
    {
        if (end <= begin)
        {
            return;
        }

        if (_used.Count > 0 && _used[^1].End == begin)
        {
            _used[^1] = _used[^1] with { Length = end - _used[^1].Offset };
        }
        else
        {
            _used.Add(new(begin, end - begin));
        }
    }
}
