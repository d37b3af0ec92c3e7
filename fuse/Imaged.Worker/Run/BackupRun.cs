using Imaged.Backup;
using Imaged.Blocks;
using Imaged.Formats.Images.Qcow2;
using Imaged.Formats.Model;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Imaged.Worker.Open;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker.Run;

/// <summary>Saves the disk of an image, or the part of it that was chosen, as a backup.</summary>
internal sealed class BackupRun
{
    private static readonly string Tool = $"imaged {typeof(BackupRun).Assembly.GetName().Version?.ToString(3)}";

    private readonly OpenedImage _image;
    private readonly BackupParameters _parameters;
    private readonly ProgressMeter _meter;

    /// <summary>A run.</summary>
    public BackupRun(OpenedImage image, BackupParameters parameters, ProgressMeter meter)
    {
        _image = image;
        _parameters = parameters;
        _meter = meter;
    }

    /// <summary>Writes the backup, and reads it again.</summary>
    /// <param name="output">The file; stays the caller's.</param>
    /// <param name="parent">The backup to stand on; becomes this run's.</param>
    public BackupSummary Run(SafeFileHandle output, SafeFileHandle? parent)
    {
        BlockSource disk = _image.ChooseDevice();
        if (disk.Length == 0)
        {
            throw new ImageFormatException(_image.Layers[^1].Format.Id, 0, "there is nothing to save: it is empty");
        }

        disk.ExpectOnePass();
        _meter.Begin("look", 0);
        BackupPlan plan = BackupPlan.Of(disk);
        BackupSource source = _parameters.Source;
        BackupJob job = new(
            new BackupRequest(disk, plan.Used)
            {
                Template = new()
                {
                    Tool = Tool,
                    Source = new()
                    {
                        Name = source.Name,
                        Kind = source.Kind,
                        Model = source.Model,
                        Serial = source.Serial,
                        SectorSize = disk.SectorSize,
                    },
                    Consistency = _parameters.Consistency,
                    PartitionTable = plan.Table,
                    Volumes = plan.Volumes,
                },
                ParentName = parent is null ? null : _parameters.ParentName,
                Parent = parent is null ? null : ReadParent(parent),
                Level = _parameters.Level,
                KeepGoing = _parameters.KeepGoing,
            },
            _meter);
        BackupManifest manifest = job.Run(output);
        return new BackupSummary
        {
            Length = manifest.Length,
            Used = plan.UsedLength,
            Stored = manifest.Stored,
            FileSize = RandomAccess.GetLength(output),
            Digest = manifest.Digest,
            Checked = _parameters.Check,
            Volumes = [.. plan.Volumes.Select(Map)],
            Lost = Map(manifest.Lost),
            Bad = _parameters.Check ? Map(ReadAgain(output, manifest, job)) : [],
            Warnings = plan.Warnings,
        };
    }

    private static BackupVolume Map(SavedVolume volume) => new()
    {
        Partition = volume.Partition,
        Offset = volume.Offset,
        Length = volume.Length,
        FileSystem = volume.FileSystem,
        Label = volume.Label,
        Used = volume.Used,
        Whole = volume.Whole,
    };

    private static IReadOnlyList<ByteRange> Map(IReadOnlyList<BlockRange> ranges) =>
        [.. ranges.Select(range => new ByteRange { Offset = range.Offset, Length = range.Length })];

    private BackupFile ReadParent(SafeFileHandle handle)
    {
        using FileSource file = new(handle);
        return BackupFile.Read(file) ?? throw new ImageFormatException(
            "backup", 0, $"'{_parameters.ParentName}' is no backup of imaged: it has no manifest");
    }

    // From the disk, not from what the kernel has kept in memory.
    private IReadOnlyList<BlockRange> ReadAgain(SafeFileHandle output, BackupManifest manifest, BackupJob job)
    {
        FileCache.Drop(output);
        using FileSource file = new(HostPath.Duplicate(output));
        using BlockSource layer = Qcow2Layer.Open(file, _image.Cache);
        return new BackupCheck(layer, job.Digests, manifest.ChunkSize, _meter).Run(job.IsStored);
    }
}
