using System.Collections.Immutable;
using Imaged.Backup;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Formats.Partitions.Gpt;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Imaged.Worker.Open;
using Microsoft.Win32.SafeHandles;
using Partition = Imaged.Formats.Model.Partition;
using PartitionTable = Imaged.Formats.Model.PartitionTable;

namespace Imaged.Worker.Run;

/// <summary>Writes the disk of an image, or the part of it that was chosen, to another disk.</summary>
internal sealed class RestoreRun
{
    private readonly OpenedImage _image;
    private readonly RestoreParameters _parameters;
    private readonly ProgressMeter _meter;

    /// <summary>A run.</summary>
    public RestoreRun(OpenedImage image, RestoreParameters parameters, ProgressMeter meter)
    {
        _image = image;
        _parameters = parameters;
        _meter = meter;
    }

    /// <summary>Looks at both sides, and writes.</summary>
    /// <param name="file">The target; stays the caller's.</param>
    /// <param name="direct">The same device for direct writes; stays the caller's.</param>
    /// <exception cref="ImagedException">The target is too short, or holds something and that is not to be
    /// lost.</exception>
    public RestoreSummary Run(SafeFileHandle file, SafeFileHandle? direct)
    {
        BlockSource disk = _image.ChooseCopy();
        bool isFile = HostPath.Identify(file).IsRegular;
        if (isFile)
        {
            RandomAccess.SetLength(file, disk.Length);
        }

        DiskTarget target = new(file, direct);
        CheckLength(disk, target);
        List<string> holds = isFile ? [] : WhatIsOn(target);
        if (holds.Count > 0 && !_parameters.Force && !_parameters.DryRun)
        {
            throw new ImagedException(
                ErrorKind.PermissionDenied,
                $"'{_parameters.Name}' holds {string.Join(", ", holds)}, which would be lost; --force overwrites it");
        }

        _meter.Begin("look", 0);
        BackupPlan plan = BackupPlan.Of(disk, keepGoing: false);
        List<string> warnings = [.. plan.Warnings];
        BlockSource source = Verified(disk, warnings);
        IEnumerable<BlockRange> used = plan.Used;
        BlockSource? moved = isFile ? null : GptRelocation.Extend(source, target.Length);
        if (moved is not null)
        {
            // Up to the old end it is as it was; what is new is the end of the new disk.
            used = used.Concat([.. BackupPlan.DataOf(moved, disk.Length)]);
        }

        disk.ExpectOnePass();
        IReadOnlyList<BlockRange> bad = _parameters.DryRun
            ? []
            : new RestoreJob(new(moved ?? source, used, target) { Check = _parameters.Check }, _meter).Run();
        return new RestoreSummary
        {
            Length = disk.Length,
            Used = used.Sum(range => range.Length),
            TargetLength = isFile ? 0 : target.Length,
            Holds = holds,
            TableMoved = moved is not null,
            Checked = _parameters.Check && !_parameters.DryRun,
            Bad = RangeMapper.Map(bad),
            Warnings = warnings,
        };
    }

    private static List<string> WhatIsOn(DiskTarget target)
    {
        using BlockSource disk = target.OpenRead();
        if (PartitionTables.Read(disk) is { Partitions.IsEmpty: false } table)
        {
            return
            [
                $"a partition table ({table.TypeId})",
                .. table.Partitions.Select(partition => Describe(disk, table, partition)).OfType<string>(),
            ];
        }

        ImmutableArray<VolumeInfo> found = FileSystems.Probe(disk);
        return [.. found.Select(Describe)];
    }

    private static string? Describe(BlockSource disk, PartitionTable table, Partition partition)
    {
        using SliceSource content =
            new(disk, partition.Offset, partition.Length, ownsInner: false, table.SectorSize);
        ImmutableArray<VolumeInfo> found = FileSystems.Probe(content);
        return found.IsEmpty ? null : $"in partition {partition.Number} {Describe(found[0])}";
    }

    private static string Describe(VolumeInfo info) =>
        $"a file system ({info.Version ?? info.FileSystem}{(info.Label is null ? string.Empty : $" '{info.Label}'")})";

    private void CheckLength(BlockSource disk, DiskTarget target)
    {
        if (disk.Length > target.Length)
        {
            throw new ImagedException(
                ErrorKind.LimitExceeded,
                $"'{_parameters.Name}' is too small: it has {target.Length} bytes, "
                + $"which is {disk.Length - target.Length} short of {disk.Length}; nothing was written");
        }
    }

    // The disk, or its partition, with everything compared that a backup has digests of.
    private BlockSource Verified(BlockSource disk, List<string> warnings)
    {
        if (_image.ReadBackup() is not { } backup)
        {
            return disk;
        }

        if (backup.Manifest.Lost.Count > 0)
        {
            long lost = backup.Manifest.Lost.Sum(range => range.Length);
            warnings.Add($"{lost} bytes could not be read when the backup was made, and are zero");
        }

        VerifiedSource all = new(_image.Layers[0].Content, backup);
        BlockSource device = _image.ChooseDevice();
        Partition? partition = _image.Volumes.FirstOrDefault(volume => volume.Content == device)?.Partition;
        return partition is null
            ? all
            : new SliceSource(all, partition.Offset, partition.Length, ownsInner: false, disk.SectorSize);
    }
}
