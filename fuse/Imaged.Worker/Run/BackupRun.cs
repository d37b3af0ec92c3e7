using System.Globalization;
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
    private IReadOnlyList<string> _warnings = [];

    /// <summary>A run.</summary>
    public BackupRun(OpenedImage image, BackupParameters parameters, ProgressMeter meter)
    {
        _image = image;
        _parameters = parameters;
        _meter = meter;
    }

    /// <summary>What the manifest of a file says; null when it is no backup.</summary>
    /// <param name="handle">The file; stays the caller's.</param>
    public static BackupDescription? Describe(SafeFileHandle handle)
    {
        using FileSource file = new(HostPath.Duplicate(handle));
        if (BackupFile.Read(file)?.Manifest is not { } manifest)
        {
            return null;
        }

        return new BackupDescription
        {
            Digest = manifest.Digest,
            ParentName = manifest.Parent?.Name,
            ParentDigest = manifest.Parent?.Digest,
            Started = manifest.Started.ToString("O", CultureInfo.InvariantCulture),
            Source = new()
            {
                Name = manifest.Source.Name,
                Kind = manifest.Source.Kind,
                Model = manifest.Source.Model,
                Serial = manifest.Source.Serial,
            },
            Consistency = manifest.Consistency,
            Length = manifest.Length,
            Lost = manifest.Lost.Sum(range => range.Length),
        };
    }

    /// <summary>Writes the backup, and reads it again.</summary>
    /// <param name="output">The file; stays the caller's.</param>
    /// <param name="parent">The backup to stand on; stays the caller's.</param>
    public BackupSummary Run(SafeFileHandle output, SafeFileHandle? parent)
    {
        if (_parameters.Raw)
        {
            return WriteRaw(output);
        }

        BackupRequest request = _parameters.Merge ? PlanMerge() : PlanBackup(parent);
        BackupJob job = new(request, _meter);
        BackupManifest manifest = job.Run(output);
        return new BackupSummary
        {
            Length = manifest.Length,
            Used = request.Used.Sum(range => range.Length),
            Stored = manifest.Stored,
            FileSize = RandomAccess.GetLength(output),
            Digest = manifest.Digest,
            Checked = _parameters.Check,
            Consistency = manifest.Consistency,
            Volumes = [.. manifest.Volumes.Select(Map)],
            Lost = RangeMapper.Map(manifest.Lost),
            Bad = RangeMapper.Map(_parameters.Check ? ReadAgain(output, manifest, job) : []),
            Warnings = _warnings,
        };
    }

    // The disk itself. A file is written as a disk is restored, and read back; a stream in one go.
    private BackupSummary WriteRaw(SafeFileHandle output)
    {
        BackupRequest request = PlanBackup(null);
        BlockSource disk = request.Source;
        IReadOnlyList<BlockRange> bad = [];
        if (!_parameters.Stream)
        {
            RandomAccess.SetLength(output, disk.Length);
            RestoreRequest raw = new(disk, request.Used, [new(new DiskTarget(output, null), [])])
            {
                Check = _parameters.Check,
            };
            TargetResult result = new RestoreJob(raw, _meter).Run()[0];
            bad = result.Failure is { } failure ? throw failure : result.Bad;
        }
        else
        {
            _meter.Begin("save", disk.Length);
            SourceCopy.ToStream(disk, request.Used, output, _meter);
        }

        return new BackupSummary
        {
            Length = disk.Length,
            Used = request.Used.Sum(range => range.Length),
            FileSize = disk.Length,
            Checked = !_parameters.Stream && _parameters.Check,
            Consistency = _parameters.Consistency,
            Volumes = [.. request.Template.Volumes.Select(Map)],
            Bad = RangeMapper.Map(bad),
            Warnings = _warnings,
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

    private BackupRequest PlanBackup(SafeFileHandle? parent)
    {
        BlockSource disk = _image.ChooseCopy();
        if (disk.Length == 0)
        {
            throw new ImageFormatException(_image.Layers[^1].Format.Id, 0, "there is nothing to save: it is empty");
        }

        _meter.Begin("look", 0);
        BackupPlan plan = BackupPlan.Of(disk, _parameters.KeepGoing);
        _warnings = plan.Warnings;
        disk.ExpectOnePass();
        if (_parameters.Rate is > 0 and { } rate)
        {
            disk = new PacedSource(disk, rate);
        }

        BackupSource source = _parameters.Source;
        return new BackupRequest(disk, plan.Used)
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
        };
    }

    // The same disk of the same time: what it shows is compared with its digests while it is copied.
    private BackupRequest PlanMerge()
    {
        BackupFile backup = _image.ReadBackup() ?? throw new ImageFormatException(
            "backup", 0, "this is no backup of imaged: it has no manifest");
        VerifiedSource disk = new(_image.Layers[0].Content, backup);
        return new BackupRequest(disk, [new(0, disk.Length)])
        {
            Template = backup.Manifest,
            ChunkSize = backup.Manifest.ChunkSize,
            Level = _parameters.Level,
        };
    }

    private BackupFile ReadParent(SafeFileHandle handle)
    {
        using FileSource file = new(HostPath.Duplicate(handle));
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
