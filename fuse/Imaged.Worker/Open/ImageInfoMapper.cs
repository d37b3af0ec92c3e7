using System.Collections.Immutable;
using System.Text.Json;
using Imaged.Formats.Model;
using Imaged.Ipc.Contract;

namespace Imaged.Worker.Open;

/// <summary>Puts what is known of an image into the words of the contract.</summary>
internal static class ImageInfoMapper
{
    /// <summary>The whole stack of an image, as far as the user asks about it.</summary>
    public static ImageInfo Map(OpenedImage image)
    {
        ImmutableArray<ImageVolume> volumes = image.DescribeVolumes();
        return new()
        {
            File = image.Files.Opened[0].Name,
            Size = image.Files.Opened[0].Length,
            Layers = [.. image.Layers.Select((layer, index) => Map(layer, index == 0 ? image.Files : null))],
            Disc = image.Disc is { } disc ? Map(disc) : null,
            PartitionTable = image.PartitionTable is { } table ? Map(table, volumes) : null,
            Volumes = [.. volumes.Where(volume => volume.Partition is null).SelectMany(Map)],
            Warnings =
            [
                .. image.Layers.SelectMany(layer => layer.Warnings),
                .. image.Damage is { } damage ? [$"no file system was looked for: {damage.Message}"] : (string[])[],
            ],
        };
    }

    private static Layer Map(DiskImage layer, WorkerFiles? files) => new()
    {
        Format = layer.Format.Id,
        Title = layer.Format.Title,
        Size = layer.Content.Length,
        SectorSize = layer.Content.SectorSize,
        Details = Map(layer.Details),
        Files = files is null
            ? []
            : [.. files.Opened.Select(file => new HostFileInfo { Name = file.Name, Size = file.Length })],
    };

    private static DiscInfo Map(Disc disc) => new()
    {
        Medium = JsonNamingPolicy.CamelCase.ConvertName(disc.Medium.ToString()),
        CatalogNumber = disc.CatalogNumber,
        Title = disc.Text.Title,
        Performer = disc.Text.Performer,
        Tracks = [.. disc.Tracks.Select(Map)],
    };

    private static DiscTrackInfo Map(DiscTrack track)
    {
        SectorRun body = track.Runs.First(run => run.EndLba > track.StartLba);
        return new()
        {
            Number = track.Number,
            Session = track.Session,
            Mode = JsonNamingPolicy.CamelCase.ConvertName(track.Mode.ToString()),
            Pregap = track.StartLba - track.PregapLba,
            Start = track.StartLba,
            Length = track.Length,
            Control = track.Control,
            StoredBytes = body.Main is null ? 0 : body.Layout.Length(),
            SubchannelBytes = body.Subchannel.Length(),
            Isrc = track.Isrc,
            Title = track.Text.Title,
            Performer = track.Text.Performer,
        };
    }

    private static Ipc.Contract.PartitionTable Map(
        Formats.Model.PartitionTable table, ImmutableArray<ImageVolume> volumes) => new()
    {
        Type = table.TypeId,
        Uuid = table.Uuid,
        SectorSize = table.SectorSize,
        Partitions = [.. volumes.Where(volume => volume.Partition is not null).Select(MapPartition)],
        Warnings = table.Warnings,
    };

    private static Ipc.Contract.Partition MapPartition(ImageVolume volume)
    {
        Formats.Model.Partition partition = volume.Partition!;
        return new()
        {
            Number = partition.Number,
            Offset = partition.Offset,
            Size = partition.Length,
            Type = partition.TypeId,
            TypeName = partition.TypeName,
            Name = partition.Name,
            Uuid = partition.Uuid,
            Bootable = partition.Bootable,
            Volumes = Map(volume),
        };
    }

    private static IReadOnlyList<Volume> Map(ImageVolume volume) => [.. volume.FileSystems.Select(info => new Volume
    {
        FileSystem = info.FileSystem,
        Version = info.Version,
        Label = info.Label,
        Uuid = info.Uuid,
        Size = info.Length,
        KernelType = info.KernelType,
        Readable = OpenedImage.CanRead(info.FileSystem),
        Details = Map(info.Details),
        Warnings = info.Warnings,
    })];

    private static IReadOnlyList<Detail> Map(IEnumerable<KeyValuePair<string, string>> details) =>
        [.. details.Select(detail => new Detail { Name = detail.Key, Value = detail.Value })];
}
