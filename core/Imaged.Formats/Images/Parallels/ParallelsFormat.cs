using System.Diagnostics.CodeAnalysis;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Parallels;

/// <summary>Disks of Parallels Desktop and Virtuozzo: an expanding file, or the description of a folder of
/// files.</summary>
internal sealed class ParallelsFormat : IImageFormat
{
    private const int SectorLength = 512;

    public static FormatInfo Info { get; } = new(
        "parallels",
        "Parallels disk",
        [".hds", ".hdd", ".xml"],
        FormatCaps.Read | FormatCaps.Backing | FormatCaps.Split);

    public static Match Probe(ProbeWindow window) =>
        ParallelsHeader.IsParallels(window.Head) || ParallelsBundle.IsBundle(window.Head) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        Span<byte> head = stackalloc byte[1024];
        head = head[..opener.Content.ReadUpTo(0, head)];
        List<string> warnings = [];
        if (!ParallelsBundle.IsBundle(head))
        {
            BlockSource content = OpenClusters(opener.Content, opener.Cache, warnings);
            return new DiskImage(Info, content) { Warnings = [.. warnings] };
        }

        ParallelsBundle bundle = ParallelsBundle.Parse(opener.Content);
        if (bundle.Chain.Length > BackingFile.MaxDepth)
        {
            Throw(0, $"more than {BackingFile.MaxDepth} snapshots are based on each other");
        }

        List<BlockSource> parts = [];
        try
        {
            foreach (ParallelsStorage storage in bundle.Storages)
            {
                parts.Add(OpenStorage(opener, bundle, storage, warnings));
            }
        }
        catch
        {
            parts.ForEach(part => part.Dispose());
            throw;
        }

        return new DiskImage(Info, parts.Count == 1 ? parts[0] : new ConcatSource(parts, ownsParts: true))
        {
            Details = [new("Parts", $"{parts.Count}"), new("Snapshots", $"{bundle.Chain.Length - 1}")],
            Warnings = [.. warnings],
        };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);

    private static ParallelsSource OpenClusters(BlockSource file, BlockCache cache, List<string> warnings)
    {
        ParallelsHeader header = ParallelsHeader.Parse(file);
        if (header.IsOpen)
        {
            warnings.Add("the disk was not closed: what was written last may be lost");
        }

        return new(header, file, cache);
    }

    // The files of one part, from the oldest to the newest, each over the one before.
    private static BlockSource OpenStorage(
        ImageOpener opener, ParallelsBundle bundle, ParallelsStorage storage, List<string> warnings)
    {
        BlockSource? content = null;
        for (int i = bundle.Chain.Length - 1; i >= 0; i--)
        {
            Guid snapshot = bundle.Chain[i];
            ParallelsImage image = storage.Images.FirstOrDefault(image => image.Snapshot == snapshot)
                ?? throw new ImageFormatException(
                    Info.Id, 0, $"the description names no file of the snapshot {snapshot}");
            BlockSource file = BackingFile.OpenSibling(opener, Info.Id, image.FileName, "file");
            BlockSource layer = image.IsPlain
                ? new SliceSource(file, 0, file.Length)
                : OpenClusters(file, opener.Cache, warnings);
            content = content is null ? layer : new OverlaySource(layer, content);
        }

        long length = (storage.End - storage.Begin) * SectorLength;
        if (content is null || content.Length < length)
        {
            long held = content?.Length ?? 0;
            content?.Dispose();
            throw new ImageFormatException(Info.Id, 0, $"a part of {length} bytes has files of {held} bytes only");
        }

        return content.Length == length ? content : new SliceSource(content, 0, length, ownsInner: true);
    }
}
