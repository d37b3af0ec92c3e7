using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Ipc.Contract;
using Partition = Imaged.Formats.Model.Partition;
using PartitionTable = Imaged.Formats.Model.PartitionTable;

namespace Imaged.Worker.Run;

/// <summary>What is other on a target than in the image.</summary>
/// <param name="Patches">The bytes.</param>
internal sealed record ChangedDisk(IReadOnlyList<DiskPatch> Patches)
{
    /// <summary>Whether the backup of the partition table goes to the end of a longer disk.</summary>
    public bool IsMoved { get; init; }

    /// <summary>What grows; null for nothing.</summary>
    public GrownVolume? Grown { get; init; }

    /// <summary>Why nothing grows although it was asked for.</summary>
    public string? NotGrown { get; init; }

    /// <summary>Ids of partitions before and after.</summary>
    public ImmutableArray<(string Old, string New)> Ids { get; init; } = [];
}

/// <summary>Plans what each target is to have other than the image: where the table's backup stands, how long the last
/// partition is, which ids there are.</summary>
internal sealed class TableChanges
{
    // Something else than a file system is of no use when it is longer, or is no longer found.
    private static readonly Dictionary<string, string> NeverGrown = new(StringComparer.Ordinal)
    {
        ["swap"] = "is swap space",
        ["swsuspend"] = "holds a hibernation image",
        ["LVM2_member"] = "belongs to LVM: extend it with pvresize and lvextend -r",
        ["linux_raid_member"] = "belongs to a RAID",
        ["zfs_member"] = "belongs to a ZFS pool",
        ["bcache"] = "belongs to bcache",
    };

    // Windows finds its disk by the ids of disk and partition.
    private static readonly string[] WindowsVolumes = ["ntfs", "BitLocker"];

    private readonly BlockSource _disk;
    private readonly PartitionTable? _table;
    private readonly IReadOnlyList<RestoredVolume> _volumes;
    private readonly bool _grows;
    private readonly bool _hasFreshIds;

    /// <summary>Plans for one image.</summary>
    /// <param name="disk">The image.</param>
    /// <param name="table">Its partition table; null when it has none.</param>
    /// <param name="volumes">What it holds.</param>
    /// <param name="parameters">What is asked for.</param>
    /// <param name="warnings">Gets what a person should know of it.</param>
    public TableChanges(
        BlockSource disk,
        PartitionTable? table,
        IReadOnlyList<RestoredVolume> volumes,
        RestoreParameters parameters,
        List<string> warnings)
    {
        _disk = disk;
        _table = table;
        _volumes = volumes;
        _grows = parameters.Grow;
        _hasFreshIds = parameters.FreshIds && table is not null;
        if (_hasFreshIds && volumes.Any(volume => WindowsVolumes.Contains(volume.FileSystem)))
        {
            _hasFreshIds = false;
            warnings.Add(
                "the ids of disk and partitions stay as they are: there is an NTFS or BitLocker volume, and Windows "
                + "does not start from a disk with other ids");
        }
    }

    /// <summary>Plans for a target.</summary>
    public ChangedDisk PlanFor(RestoreTarget target)
    {
        if (target.IsFile)
        {
            return new([]) { NotGrown = _grows ? "a file is made as long as the image" : null };
        }

        long length = target.Disk.Length;
        return _table is null ? PlanVolume(length) : PlanDisk(length, _table);
    }

    private ChangedDisk PlanVolume(long length)
    {
        if (!_grows)
        {
            return new([]);
        }

        string? reason = _volumes[0] switch
        {
            { FileSystem: null } => "there is no file system that imaged knows",
            { FileSystem: { } id } when NeverGrown.TryGetValue(id, out string? what) => $"it {what}",
            { Length: { } own } when length <= own => "the target is no longer than the image",
            _ => null,
        };
        return new([]) { NotGrown = reason, Grown = reason is null ? new() { Length = length } : null };
    }

    private ChangedDisk PlanDisk(long length, PartitionTable table)
    {
        Partition last = table.Partitions.MaxBy(partition => partition.Offset + partition.Length)!;
        string? reason = _grows ? WhyNot(table, last) : null;
        bool grows = _grows && reason is null;
        ChangedTable? change = PartitionTables.Change(_disk, table, new(length)
        {
            Grow = grows ? last.Number : null,
            NewId = _hasFreshIds ? Guid.NewGuid : null,
        });
        if (grows && change?.GrownLength is null)
        {
            reason = $"there is no room behind partition {last.Number}";
        }

        return new(change?.Patches ?? [])
        {
            IsMoved = change?.IsMoved ?? false,
            Grown = change?.GrownLength is { } grown ? new() { Partition = last.Number, Length = grown } : null,
            NotGrown = reason,
            Ids = change?.Ids ?? [],
        };
    }

    private string? WhyNot(PartitionTable table, Partition last) => table.TypeId switch
    {
        "mbr" when last.Number > 4 => $"partition {last.Number}, the last one, is a logical one",
        "mbr" or "gpt" => FileSystemOf(last) is { } id && NeverGrown.TryGetValue(id, out string? what)
            ? $"partition {last.Number}, the last one, {what}"
            : null,
        _ => $"imaged changes no partition table of this kind ({table.TypeId})",
    };

    private string? FileSystemOf(Partition partition) =>
        _volumes.First(volume => volume.Partition == partition.Number).FileSystem;
}
