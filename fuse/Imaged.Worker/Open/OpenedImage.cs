using System.Collections.Immutable;
using Imaged.Backup;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.Formats.Optical.Tree;

namespace Imaged.Worker.Open;

/// <summary>A volume of an image: the whole disk or one partition, with the file systems on it.</summary>
/// <param name="Partition">The partition; null for the whole disk.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="FileSystems">What is on it, the preferred one first.</param>
internal sealed record ImageVolume(Partition? Partition, BlockSource Content, ImmutableArray<VolumeInfo> FileSystems);

/// <summary>Which part of an image is meant.</summary>
/// <param name="Format">Image format, null to find it out.</param>
/// <param name="Partition">Partition number.</param>
/// <param name="FileSystem">File system id.</param>
/// <param name="Extensions">Naming scheme of the file system.</param>
/// <param name="Session">Session of a volume that has several.</param>
/// <param name="Offset">Byte offset in the file at which the image begins.</param>
/// <param name="Size">Its length in bytes; null up to the end.</param>
/// <param name="SectorSize">Its sector size in bytes; null for 512.</param>
internal sealed record ImageChoice(
    string? Format, int? Partition, string? FileSystem, string? Extensions,
    int? Session, long? Offset, long? Size, int? SectorSize)
{
    /// <summary>Track of a disc, from 1.</summary>
    public int? Track { get; init; }

    /// <summary>Id or name of a snapshot inside the image; null for the disk of now.</summary>
    public string? Snapshot { get; init; }

    /// <summary>The password; null for none.</summary>
    public byte[]? Password { get; init; }

    /// <summary>Where indexes are kept; null for nowhere.</summary>
    public ISeekIndexStore? IndexStore { get; init; }

    /// <summary>Told how far it is while the whole file has to be read; null for nobody.</summary>
    public Action<long, long>? Progress { get; init; }
}

/// <summary>The user must choose: there are several volumes.</summary>
/// <param name="message">What there is to choose from.</param>
/// <param name="choices">The values to choose from.</param>
internal sealed class AmbiguousImageException(string message, ImmutableArray<string> choices) : IOException(message)
{
    /// <summary>The values to choose from.</summary>
    public ImmutableArray<string> Choices { get; } = choices;
}

/// <summary>An image with all its layers: wrappers, the disk, its partitions, their file systems.</summary>
internal sealed class OpenedImage : IDisposable
{
    /// <summary>Decoded blocks that a worker keeps, in bytes.</summary>
    private const long CacheLength = 32 << 20;

    private readonly ImageChoice _choice;
    private readonly WorkerFiles _files;
    private ImageStack? _stack;
    private ReadAhead? _ahead;

    private OpenedImage(WorkerFiles files, ImageChoice choice)
    {
        _files = files;
        _choice = choice;
    }

    /// <summary>The files of the host.</summary>
    public WorkerFiles Files => _files;

    /// <summary>The images from the outermost to the innermost.</summary>
    public IReadOnlyList<DiskImage> Layers => _stack!.Layers;

    /// <summary>The disk: the content of the innermost image, or the track of a disc that was chosen.</summary>
    public BlockSource Disk { get; private set; } = null!;

    /// <summary>Number of the track that was chosen; null when none was.</summary>
    public int? Track => _choice.Track;

    /// <summary>Sessions and tracks; null when it is no disc.</summary>
    public Disc? Disc => _stack!.Innermost.Disc;

    /// <summary>Its partition table, if any.</summary>
    public PartitionTable? PartitionTable { get; private set; }

    /// <summary>The whole disk first, then the partitions.</summary>
    public ImmutableArray<ImageVolume> Volumes { get; private set; } = [];

    /// <summary>Why nothing could be found on the tracks of a disc; null when they could be read.</summary>
    public ImageFormatException? Damage { get; private set; }

    /// <summary>The format that the user named; null when it was found out.</summary>
    public string? NamedFormat => _choice.Format;

    /// <summary>Cache of decoded blocks for all layers.</summary>
    public BlockCache Cache { get; } = new(CacheLength);

    /// <summary>Opens an image.</summary>
    /// <param name="files">Its files; they become the image's.</param>
    /// <param name="choice">What the user wants to see of it.</param>
    public static OpenedImage Open(WorkerFiles files, ImageChoice choice)
    {
        OpenedImage image = new(files, choice);
        try
        {
            image.OpenLayers();
            image.FindVolumes();
            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>The backup whose disk is the content of the outermost layer; null when that is another image, or the
    /// file is looked at in another way than as one.</summary>
    /// <exception cref="ImageFormatException">Its manifest is damaged.</exception>
    public BackupFile? ReadBackup() =>
        Layers[0].Format.Id == "qcow2" && _choice.Offset is null or 0 && _choice.Size is null
            ? BackupFile.Read(_files.Image)
            : null;

    /// <summary>From now on what follows sequential reads is decoded ahead, on all processors. For those who read with
    /// one thread, or as others ask; who reads with all processors himself needs it not.</summary>
    public void StartReadAhead() => _ahead ??= new ReadAhead(Cache, ReadAhead.DefaultThreads);

    /// <summary>The volume that is meant when a file tree is asked for: the partition chosen; else the whole disk when
    /// it holds a file system; else the only partition that does.</summary>
    /// <exception cref="AmbiguousImageException">There are several.</exception>
    /// <exception cref="UnsupportedFeatureException">There is none.</exception>
    public ImageVolume ChooseVolume()
    {
        if (_choice.Partition is { } number)
        {
            return VolumeOf(number);
        }

        if (IsDiscWanted)
        {
            return Volumes[0];
        }

        if (Track is { } track && Disc?.FindTrack(track) is { IsData: false })
        {
            throw new UnsupportedFeatureException(
                Layers[^1].Format.Id, $"files in track {track}, which is sound (--as disc shows it as a file),");
        }

        if (!Volumes[0].FileSystems.IsEmpty)
        {
            return Volumes[0];
        }

        ImmutableArray<ImageVolume> candidates = [.. Volumes.Where(volume => !volume.FileSystems.IsEmpty)];
        if (candidates.Length == 1)
        {
            return candidates[0];
        }

        if (candidates.Length == 0)
        {
            throw Damage as IOException ?? new UnsupportedFeatureException(
                Layers[^1].Format.Id,
                PartitionTable is null ? "what it holds (no file system or partition table was recognised)"
                    : "what its partitions hold (no file system was recognised)");
        }

        IEnumerable<string> list = candidates.Select(v => $"{v.Partition!.Number} ({Describe(v.FileSystems[0])})");
        throw new AmbiguousImageException(
            "the image has several partitions with file systems, choose one with --partition: "
            + $"{string.Join(", ", list)}",
            [.. candidates.Select(v => FormattableString.Invariant($"{v.Partition!.Number}"))]);
    }

    /// <summary>The part of the disk that is meant when a block device is asked for.</summary>
    public BlockSource ChooseDevice() => _choice.Partition is { } number ? VolumeOf(number).Content : Disk;

    /// <summary>The same part, to be copied: where it is not stored it is known to be zero.</summary>
    public BlockSource ChooseCopy() => new SparseSource(ChooseDevice(), _files);

    /// <summary>Opens the file tree of a volume.</summary>
    public FileTree OpenTree(ImageVolume volume)
    {
        if (ChooseFileSystem(volume).FileSystem == DiscTree.Id)
        {
            return new DiscTree(Disc!);
        }

        FileTreeOptions options = new(Cache)
        {
            Extensions = _choice.Extensions,

            // Sessions that a table tells are chosen with the track; else they are found in the volume itself.
            Session = HasSessions ? null : _choice.Session,
        };
        return FileSystems.Open(volume.Content, _choice.FileSystem, options);
    }

    /// <summary>The volumes that the user asks about: those of the partition, the file system and the session that were
    /// chosen; all when nothing was.</summary>
    /// <exception cref="UnsupportedFeatureException">None of them holds the file system.</exception>
    public ImmutableArray<ImageVolume> DescribeVolumes()
    {
        ImmutableArray<ImageVolume> volumes = _choice.Partition is { } number ? [VolumeOf(number)] : Volumes;
        if (_choice.FileSystem is { } id && !IsDiscWanted)
        {
            volumes = [.. volumes.Select(volume => volume with
            {
                FileSystems = [.. volume.FileSystems.Where(info => info.FileSystem == id)],
            })];
            if (volumes.All(volume => volume.FileSystems.IsEmpty))
            {
                throw new UnsupportedFeatureException(id, "this image, which does not hold it,");
            }
        }

        return _choice.Session is null || HasSessions ? volumes : [.. volumes.Select(DescribeSession)];
    }

    // What the file systems of a volume were when the session that was chosen was the last one.
    private ImageVolume DescribeSession(ImageVolume volume) => volume with
    {
        FileSystems = [.. volume.FileSystems.Select(info =>
        {
            if (!CanRead(info.FileSystem) || info.FileSystem == DiscTree.Id)
            {
                return info;
            }

            FileTreeOptions options = new(Cache) { Extensions = _choice.Extensions, Session = _choice.Session };
            using FileTree tree = FileSystems.Open(volume.Content, info.FileSystem, options);
            return tree.Volume;
        })],
    };

    /// <summary>Whether imaged reads the files of a file system itself.</summary>
    public static bool CanRead(string fileSystem) =>
        fileSystem == DiscTree.Id || FileSystems.Find(fileSystem) is { Info.CanRead: true };

    /// <summary>The file system that is meant on a volume.</summary>
    public VolumeInfo ChooseFileSystem(ImageVolume volume)
    {
        if (IsDiscWanted)
        {
            return DescribeDisc();
        }

        if (_choice.FileSystem is { } id)
        {
            return volume.FileSystems.FirstOrDefault(info => info.FileSystem == id)
                ?? throw new UnsupportedFeatureException(id, "this volume, which does not hold it,");
        }

        return volume.FileSystems.IsEmpty
            ? throw new UnsupportedFeatureException("volume", "its file system (none was recognised)")
            : volume.FileSystems[0];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Before what it reads.
        _ahead?.Dispose();
        _stack?.Dispose();
        _files.Dispose();
    }

    private bool IsDiscWanted => _choice.FileSystem == DiscTree.Id;

    private bool HasSessions => Disc is { Sessions.Length: > 1 };

    private VolumeInfo DescribeDisc()
    {
        if (Disc is null)
        {
            throw new UnsupportedFeatureException(
                Layers[^1].Format.Id, "showing the tracks as files of an image that has no table of tracks");
        }

        using DiscTree tree = new(Disc);
        return tree.Volume;
    }

    private static string Describe(VolumeInfo volume) =>
        (volume.Version ?? volume.FileSystem) + (volume.Label is null ? string.Empty : $" '{volume.Label}'");

    private void OpenLayers()
    {
        BlockSource content = _files.Image;
        if (_choice.Offset is not null || _choice.Size is not null || _choice.SectorSize is not null)
        {
            content = Window(content);
        }

        ImageOpener opener = new(content, _files.Opened[0].Name, _files, Cache)
        {
            Password = _choice.Password,
            Snapshot = _choice.Snapshot,
            IndexStore = _choice.IndexStore,
            Progress = _choice.Progress,
        };
        _stack = ImageStack.Open(opener, _choice.Format);
        Disk = ChooseTrack() switch
        {
            null => _stack.Innermost.Content,
            { IsData: false } sound => DiscStream.OpenBody(sound),
            { } track => DiscVolume.Open(Disc!, track),
        };
    }

    // The track that was asked for; null when the default is meant.
    private DiscTrack? ChooseTrack()
    {
        if (_choice.Track is not null && Disc is null)
        {
            throw new FileNotFoundException($"there is no track {_choice.Track}: the image has no table of tracks");
        }

        if (Disc is not { } disc || (_choice.Track is null && (_choice.Session is null || !HasSessions)))
        {
            return null;
        }

        if (_choice.Session is { } session && HasSessions && disc.Sessions.All(known => known.Number != session))
        {
            throw new FileNotFoundException(
                $"there is no session {session}: "
                + $"the disc has {string.Join(", ", disc.Sessions.Select(known => known.Number))}");
        }

        DiscTrack? track =
            _choice.Track is { } number ? disc.FindTrack(number) : DiscVolume.ChooseTrack(disc, _choice.Session);
        return track switch
        {
            null when _choice.Track is null => throw new UnsupportedFeatureException(
                Layers[^1].Format.Id,
                $"session {_choice.Session}, which has no data track (--as disc shows its sound),"),
            null => throw new FileNotFoundException(
                $"there is no track {_choice.Track}: the disc has {disc.Tracks[0].Number} to {disc.Tracks[^1].Number}"),
            _ => track,
        };
    }

    private SliceSource Window(BlockSource content)
    {
        long offset = _choice.Offset ?? 0;
        if (offset < 0 || offset >= content.Length)
        {
            throw new ImageFormatException(
                "raw", 0, $"the offset {offset} is not inside the file of {content.Length} bytes");
        }

        long size = _choice.Size ?? content.Length - offset;
        if (size < 1 || size > content.Length - offset)
        {
            throw new ImageFormatException(
                "raw", offset, $"{size} bytes do not fit into the file of {content.Length} bytes");
        }

        return new SliceSource(content, offset, size, ownsInner: false, _choice.SectorSize ?? 0);
    }

    // Tracks of a disc are of use, too, when what stands at their beginning cannot be read.
    private void FindVolumes()
    {
        try
        {
            ProbeVolumes();
        }
        catch (ImageFormatException error) when (Disc is not null)
        {
            Damage = error;
            PartitionTable = null;
            Volumes = [new ImageVolume(null, Disk, [])];
        }
    }

    private void ProbeVolumes()
    {
        PartitionTable = PartitionTables.Read(Disk);
        ImmutableArray<ImageVolume>.Builder volumes = ImmutableArray.CreateBuilder<ImageVolume>();
        volumes.Add(new ImageVolume(null, Disk, Disc is { } disc && !disc.Tracks.Any(track => track.IsData)
            ? [DescribeDisc()]
            : FileSystems.Probe(Disk)));
        foreach (Partition partition in PartitionTable?.Partitions ?? [])
        {
            SliceSource content =
                new(Disk, partition.Offset, partition.Length, ownsInner: false, PartitionTable!.SectorSize);
            volumes.Add(new ImageVolume(partition, content, FileSystems.Probe(content)));
        }

        Volumes = volumes.ToImmutable();
    }

    private ImageVolume VolumeOf(int number)
    {
        ImageVolume? volume = Volumes.FirstOrDefault(v => v.Partition?.Number == number);
        if (volume is not null)
        {
            return volume;
        }

        string there = PartitionTable is null
            ? "the image has no partition table"
            : $"the image has {string.Join(", ", PartitionTable.Partitions.Select(p => p.Number))}";
        throw new FileNotFoundException($"there is no partition {number}: {there}");
    }
}
