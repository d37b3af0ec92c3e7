using Imaged.Blocks;
using Imaged.Formats.Images.Partclone;
using Imaged.Formats.Images.Raw;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Clonezilla;

/// <summary>What was saved of a partition.</summary>
internal sealed class ClonezillaImage : IDisposable
{
    private readonly ImageStack _stack;
    private readonly ClonezillaPartition _partition;

    private ClonezillaImage(ClonezillaPartition partition, string name, ImageStack stack)
    {
        _partition = partition;
        Name = name;
        _stack = stack;
    }

    /// <summary>Name of its first file.</summary>
    public string Name { get; }

    /// <summary>Bytes of the partition, or fewer.</summary>
    public BlockSource Content => _stack.Innermost.Content;

    /// <summary>Oddities of all layers.</summary>
    public IEnumerable<string> Warnings =>
        _stack.Layers.SelectMany(layer => layer.Warnings).Select(warning => $"{_partition.Name}: {warning}");

    /// <summary>Whether a layer has checksums.</summary>
    public bool CanVerify => _stack.Layers.Any(layer => layer.Verify is not null);

    /// <summary>Opens the files of a partition: <c>sda1.ext4-ptcl-img.gz.aa</c> and so on.</summary>
    /// <param name="opener">The directory.</param>
    /// <param name="siblings">Names of the files in it, sorted.</param>
    /// <param name="partition">The partition.</param>
    /// <returns>Null when there are none.</returns>
    /// <exception cref="ImageFormatException">They hold something else.</exception>
    /// <exception cref="UnsupportedFeatureException">Another program made them.</exception>
    public static ClonezillaImage? Open(
        ImageOpener opener, IReadOnlyList<string> siblings, ClonezillaPartition partition)
    {
        string prefix = partition.Name + ".";
        string? name = siblings.FirstOrDefault(sibling =>
            sibling.StartsWith(prefix, StringComparison.Ordinal)
            && sibling[prefix.Length..].Split('.')[0].EndsWith("-img", StringComparison.Ordinal));
        if (name is null || !opener.Siblings!.TryOpen(name, out BlockSource first))
        {
            return null;
        }

        string kind = name[prefix.Length..].Split('.')[0];
        bool isPartclone = kind.EndsWith("-ptcl-img", StringComparison.Ordinal);
        if (!isPartclone && kind != "dd-img")
        {
            throw new UnsupportedFeatureException(
                ClonezillaFormat.Info.Id, $"'{name}', which partclone did not make,");
        }

        ImageStack stack = ImageStack.Open(opener with { Content = first, FileName = name }, null);
        if (stack.Innermost.Format.Id != (isPartclone ? PartcloneFormat.Info.Id : RawFormat.Info.Id))
        {
            string found = stack.Innermost.Format.Id;
            stack.Dispose();
            throw new UnsupportedFeatureException(
                ClonezillaFormat.Info.Id, $"the compression of '{name}', whose content was taken for {found},");
        }

        return new(partition, name, stack);
    }

    /// <summary>Checks all layers.</summary>
    public void Verify(ImageCheck check)
    {
        foreach (DiskImage layer in _stack.Layers)
        {
            layer.Verify?.Invoke(new PlacedCheck(check, _partition, layer == _stack.Innermost));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stack.Dispose();

    // What is found in a partition, told of the disk.
    private sealed class PlacedCheck(ImageCheck check, ClonezillaPartition partition, bool isContent) : ImageCheck
    {
        public override void Begin(string phase, long total) => check.Begin($"{phase} of {partition.Name}", total);

        public override void Advance(long bytes) => check.Advance(bytes);

        public override void Report(long? offset, string message) =>
            check.Report(isContent ? offset + partition.Offset : null, $"{partition.Name}: {message}");

        public override void Confirm(string what) => check.Confirm($"{what} of {partition.Name}");
    }
}
