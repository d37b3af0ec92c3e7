using System.Collections.Immutable;
using Imaged.Backup;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Imaged.Worker.Open;
using Partition = Imaged.Formats.Model.Partition;
using PartitionTable = Imaged.Formats.Model.PartitionTable;

namespace Imaged.Worker.Run;

/// <summary>Writes the disk of an image, or the part of it that was chosen, to other disks.</summary>
internal sealed class RestoreRun
{
    private readonly OpenedImage _image;
    private readonly RestoreParameters _parameters;
    private readonly ProgressMeter _meter;
    private readonly List<string> _warnings = [];

    /// <summary>A run.</summary>
    public RestoreRun(OpenedImage image, RestoreParameters parameters, ProgressMeter meter)
    {
        _image = image;
        _parameters = parameters;
        _meter = meter;
    }

    /// <summary>Looks at all sides, and writes.</summary>
    /// <param name="targets">The targets; they stay the caller's.</param>
    /// <exception cref="ImagedException">A target is too short, or holds something and that is not to be lost, or has
    /// sectors of another size; or the image is none.</exception>
    public RestoreSummary Run(IReadOnlyList<RestoreTarget> targets)
    {
        if (targets.Count == 0)
        {
            throw new ImagedException(ErrorKind.InvalidArgument, "there is no target") { Field = "targets" };
        }

        BlockSource disk = _image.ChooseCopy();
        PartitionTable? table = PartitionTables.Read(disk) is { Partitions.IsEmpty: false } found ? found : null;
        IReadOnlyList<RestoredVolume> volumes = ListVolumes(disk, table);
        ExpectImage(disk, table, volumes);
        LookAt(targets, disk, table);
        _meter.Begin("look", 0);
        BackupPlan plan = BackupPlan.Of(disk, keepGoing: false);
        _warnings.AddRange(plan.Warnings);
        BlockSource source = Verified(disk);
        TableChanges changes = new(source, table, volumes, _parameters, _warnings);
        ChangedDisk[] changed = [.. targets.Select(changes.PlanFor)];
        IReadOnlyList<TargetResult>? results = null;
        if (!_parameters.DryRun)
        {
            disk.ExpectOnePass();
            IEnumerable<TargetDisk> disks =
                targets.Zip(changed, (target, change) => new TargetDisk(target.Disk, change.Patches));
            results = new RestoreJob(
                new(source, plan.Used, [.. disks]) { Check = _parameters.Check }, _meter).Run();
        }

        return new RestoreSummary
        {
            Length = disk.Length,
            Used = plan.Used.Sum(range => range.Length),
            Checked = _parameters.Check && results is not null,
            Volumes = volumes,
            Targets = [.. targets.Select((target, i) => Map(target, changed[i], results?[i]))],
            Warnings = _warnings,
        };
    }

    private static RestoredTarget Map(RestoreTarget target, ChangedDisk change, TargetResult? result) => new()
    {
        Name = target.Name,
        Length = target.IsFile ? 0 : target.Disk.Length,
        Holds = target.Holds,
        TableMoved = change.IsMoved,
        Grown = change.Grown,
        NotGrown = change.NotGrown,
        Ids = [.. change.Ids.Select(id => new ChangedId { Old = id.Old, New = id.New })],
        Bad = RangeMapper.Map(result?.Bad ?? []),
        Error = result?.Failure?.Message,
        Errno = result?.Failure is { } failure
            ? (failure as LinuxException)?.Errno ?? (failure.HResult & 0xffff)
            : null,
    };

    private static RestoredVolume Map(Partition? partition, BlockSource content, VolumeInfo? info) => new()
    {
        Partition = partition?.Number,
        Offset = partition?.Offset ?? 0,
        Length = content.Length,
        FileSystem = info?.FileSystem,
        KernelType = info?.KernelType,
    };

    private IReadOnlyList<RestoredVolume> ListVolumes(BlockSource disk, PartitionTable? table)
    {
        if (table is null)
        {
            return [Map(null, disk, FileSystems.Probe(disk).FirstOrDefault())];
        }

        ImmutableArray<RestoredVolume>.Builder volumes = ImmutableArray.CreateBuilder<RestoredVolume>();
        foreach (Partition partition in table.Partitions)
        {
            using SliceSource content =
                new(disk, partition.Offset, partition.Length, ownsInner: false, table.SectorSize);
            volumes.Add(Map(partition, content, FileSystems.Probe(content).FirstOrDefault()));
        }

        return volumes.ToImmutable();
    }

    // What nothing is known of is more often a mistake than a disk: a page of a web server, a text, a key.
    private void ExpectImage(BlockSource disk, PartitionTable? table, IReadOnlyList<RestoredVolume> volumes)
    {
        if (disk.Length == 0)
        {
            throw new ImageFormatException(_image.Layers[^1].Format.Id, 0, "there is nothing to write: it is empty");
        }

        if (_image.PartitionTable is null
            && table is null
            && volumes.All(volume => volume.FileSystem is null)
            && _image.Layers[^1].Format.Id == "raw"
            && _image.NamedFormat is null)
        {
            throw new ImagedException(
                ErrorKind.Unsupported,
                "this is no image of a disk: it has neither a partition table nor a file system that imaged knows; "
                + "nothing was written (--format raw writes it as it is)");
        }
    }

    // All that is to be refused is told at once.
    private void LookAt(IReadOnlyList<RestoreTarget> targets, BlockSource disk, PartitionTable? table)
    {
        int sectorSize = table is { TypeId: "gpt" or "mbr" } ? table.SectorSize : 0;
        string[] refused =
        [
            .. targets.Select(target => target.Look(disk.Length, sectorSize, _parameters.Force || _parameters.DryRun))
                .OfType<string>(),
        ];
        if (refused.Length > 0)
        {
            throw new ImagedException(
                ErrorKind.PermissionDenied, $"{string.Join("; ", refused)}; nothing was written");
        }
    }

    // The disk, or its partition, with everything compared that a backup has digests of.
    private BlockSource Verified(BlockSource disk)
    {
        if (_image.ReadBackup() is not { } backup)
        {
            return disk;
        }

        if (backup.Manifest.Lost.Count > 0)
        {
            long lost = backup.Manifest.Lost.Sum(range => range.Length);
            _warnings.Add($"{lost} bytes could not be read when the backup was made, and are zero");
        }

        VerifiedSource all = new(_image.Layers[0].Content, backup);
        BlockSource device = _image.ChooseDevice();
        Partition? partition = _image.Volumes.FirstOrDefault(volume => volume.Content == device)?.Partition;
        return partition is null
            ? all
            : new SliceSource(all, partition.Offset, partition.Length, ownsInner: false, disk.SectorSize);
    }
}
