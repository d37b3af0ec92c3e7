using Imaged.Backup;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.Worker.Open;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker.Run;

/// <summary>Something wrong with an image.</summary>
/// <param name="Layer">Where it was found: a format, <c>partition 2</c>, a path.</param>
/// <param name="Offset">Byte offset there; null when it has none.</param>
/// <param name="Message">What is wrong.</param>
internal sealed record ImageProblem(string Layer, long? Offset, string Message);

/// <summary>Checks an image: every block of the disk can be read, every directory listed, every file's map
/// walked.</summary>
internal sealed class VerifyJob
{
    private const int MaxProblems = 1000;
    private const int ChunkLength = 1 << 20;
    private const int MaxDepth = 1024;
    private const long MaxNodes = 100_000_000;

    private readonly OpenedImage _image;
    private readonly ProgressMeter _meter;

    // What differs from the digests of a backup or from another disk, and what to say of a file that lies there.
    private IReadOnlyList<BlockRange> _bad = [];
    private string _damage = "lies in what is damaged";

    /// <summary>A check of <paramref name="image"/>.</summary>
    public VerifyJob(OpenedImage image, ProgressMeter meter)
    {
        _image = image;
        _meter = meter;
    }

    /// <summary>What is wrong, the first 1000.</summary>
    public List<ImageProblem> Problems { get; } = [];

    /// <summary>What was compared and is right.</summary>
    public List<string> Confirmed { get; } = [];

    /// <summary>Runs to the end; problems do not stop it.</summary>
    public void Run()
    {
        if (!CompareBackup())
        {
            ReadBlocks();
        }

        foreach (DiskImage layer in _image.Layers)
        {
            CheckLayer(layer);
        }

        WalkVolumes();
    }

    /// <summary>Compares it, or the partition that was chosen, with a disk or file: what its file systems
    /// use.</summary>
    /// <param name="handle">The other one; stays the caller's.</param>
    /// <param name="name">Its name.</param>
    public void RunAgainst(SafeFileHandle handle, string name)
    {
        using BlockSource other = HostPath.Identify(handle).IsBlockDevice
            ? new DirectSource(HostPath.Duplicate(handle))
            : new FileSource(HostPath.Duplicate(handle));
        BlockSource disk = _image.ChooseCopy();
        _meter.Begin("look", 0);
        BackupPlan plan = BackupPlan.Of(disk, keepGoing: false);
        disk.ExpectOnePass();
        IReadOnlyList<BlockRange> different = new DiskComparison(disk, plan.Used, other, _meter).Run();
        if (different.Count == 0)
        {
            Confirmed.Add($"'{name}' holds the same");
            return;
        }

        // From here on by places on the whole disk.
        BlockSource device = _image.ChooseDevice();
        Partition? chosen = _image.Volumes.FirstOrDefault(volume => volume.Content == device)?.Partition;
        _damage = $"differs from '{name}'";
        _bad = [.. different.Select(range => range with { Offset = range.Offset + (chosen?.Offset ?? 0) })];
        foreach (BlockRange range in _bad)
        {
            Add("disk", range.Offset, $"{range.Length} bytes differ from '{name}'{PlaceOf(range)}");
        }

        WalkVolumes();
    }

    // Whether it is a backup, whose chunks all have digests.
    private bool CompareBackup()
    {
        if (_image.ReadBackup() is not { } backup)
        {
            return false;
        }

        BlockSource disk = _image.Layers[0].Content;
        _bad = new BackupCheck(disk, backup.Chunks, backup.Manifest.ChunkSize, _meter).Run(_ => true);
        foreach (BlockRange range in _bad)
        {
            Add("backup", range.Offset, $"{range.Length} bytes are not those that were saved{PlaceOf(range)}");
        }

        foreach (BlockRange range in backup.Manifest.Lost)
        {
            Add("backup", range.Offset, $"{range.Length} bytes could not be read when it was made{PlaceOf(range)}");
        }

        if (_bad.Count == 0)
        {
            Confirmed.Add("the SHA-256 of all that was saved");
        }

        _bad = [.. _bad, .. backup.Manifest.Lost];
        return true;
    }

    private string PlaceOf(BlockRange range)
    {
        Partition? partition = _image.PartitionTable?.Partitions.FirstOrDefault(
            known => known.Offset < range.End && range.Offset < known.Offset + known.Length);
        return partition is null ? string.Empty : $", in partition {partition.Number}";
    }

    private void ReadBlocks()
    {
        using AlignedBuffer buffer = new(ChunkLength);
        _meter.Begin("blocks", _image.Disk.Length);
        for (long offset = 0; offset < _image.Disk.Length; offset += ChunkLength)
        {
            int length = (int)Math.Min(ChunkLength, _image.Disk.Length - offset);
            try
            {
                _image.Disk.Read(offset, buffer.GetSpan()[..length]);
            }
            catch (IOException error)
            {
                Add(_image.Layers[^1].Format.Id, (error as ImageFormatException)?.Offset ?? offset, error.Message);
            }

            _meter.Add(length);
        }
    }

    private void CheckLayer(DiskImage layer)
    {
        try
        {
            layer.Verify?.Invoke(new LayerCheck(this, layer.Format.Id));
        }
        catch (IOException error)
        {
            Add(layer.Format.Id, (error as ImageFormatException)?.Offset, error.Message);
        }
    }

    private void WalkVolumes()
    {
        foreach (ImageVolume volume in _image.Volumes)
        {
            foreach (VolumeInfo info in volume.FileSystems)
            {
                if (FileSystems.Find(info.FileSystem) is { Info.CanRead: true } entry)
                {
                    WalkVolume(volume, entry);
                }
            }
        }
    }

    private void WalkVolume(ImageVolume volume, FileSystemEntry entry)
    {
        string layer = volume.Partition is { } partition ? $"partition {partition.Number}" : entry.Info.Id;
        _meter.Begin("files", 0);
        try
        {
            using LocatedSource content = new(volume.Content, volume.Partition?.Offset ?? 0);
            using FileTree tree =
                entry.Open(_bad.Count == 0 ? volume.Content : content, new FileTreeOptions(_image.Cache));
            Walk(tree, layer);
        }
        catch (IOException error)
        {
            Add(layer, (error as ImageFormatException)?.Offset, error.Message);
        }
    }

    private void Walk(FileTree tree, string layer)
    {
        Stack<(NodeInfo Node, string Path, int Depth)> open = new([(tree.Root, string.Empty, 0)]);
        long count = 0;
        while (open.TryPop(out (NodeInfo Node, string Path, int Depth) directory))
        {
            string path = directory.Path;
            try
            {
                foreach (DirectoryEntry child in tree.ReadDirectory(directory.Node.Id, 0))
                {
                    path = directory.Path + "/" + TreeText.Of(child.Name.Span);
                    if (++count > MaxNodes || directory.Depth > MaxDepth)
                    {
                        Add(layer, null, $"'{path}': the tree is too deep or has too many files");
                        return;
                    }

                    Check(tree, child.Node, path, layer);
                    if (child.Node.Type == FileType.Directory)
                    {
                        open.Push((child.Node, path, directory.Depth + 1));
                    }

                    _meter.Add(1);
                    path = directory.Path;
                }
            }
            catch (IOException error)
            {
                Add(
                    layer,
                    (error as ImageFormatException)?.Offset,
                    $"'{(path.Length == 0 ? "/" : path)}': {error.Message}");
            }
        }
    }

    private void Check(FileTree tree, NodeInfo node, string path, string layer)
    {
        try
        {
            if (node.Type == FileType.Regular)
            {
                using BlockSource file = tree.OpenFile(node.Id);
                for (long offset = 0; offset < file.Length;)
                {
                    Extent extent = file.GetExtent(offset);
                    if (IsBad(extent))
                    {
                        Add(layer, null, $"'{path}' {_damage}");
                        return;
                    }

                    offset = extent.End;
                }
            }
            else if (node.Type == FileType.SymbolicLink)
            {
                _ = tree.ReadLink(node.Id);
            }
        }
        catch (IOException error)
        {
            Add(layer, (error as ImageFormatException)?.Offset, $"'{path}': {error.Message}");
        }
    }

    private bool IsBad(Extent extent) =>
        _bad.Count > 0
        && extent.Host is { } host
        && _bad.Any(range => range.Offset < host.Offset + extent.Length && host.Offset < range.End);

    private void Add(string layer, long? offset, string message)
    {
        if (Problems.Count < MaxProblems)
        {
            Problems.Add(new(layer, offset, message));
        }
    }

    private sealed class LayerCheck(VerifyJob job, string format) : ImageCheck
    {
        public override void Begin(string phase, long total) => job._meter.Begin(phase, total);

        public override void Advance(long bytes) => job._meter.Add(bytes);

        public override void Report(long? offset, string message) => job.Add(format, offset, message);

        public override void Confirm(string what) => job.Confirmed.Add(what);
    }
}
