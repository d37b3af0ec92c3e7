using System.Diagnostics.CodeAnalysis;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vhdx;

/// <summary>Disks of Hyper-V since 2012.</summary>
internal sealed class VhdxFormat : IImageFormat
{
    /// <summary>The unit of the layout in bytes.</summary>
    public const uint Megabyte = 1 << 20;

    // In the order in which the specification wants them tried.
    private static readonly string[] PathKeys = ["relative_path", "volume_path", "absolute_win32_path"];

    public static FormatInfo Info { get; } =
        new("vhdx", "Virtual Hard Disk v2 (Hyper-V)", [".vhdx", ".avhdx"], FormatCaps.Read | FormatCaps.Backing);

    public static Match Probe(ProbeWindow window) => window.Has(0, "vhdxfile"u8) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        Span<byte> signature = stackalloc byte[8];
        if (file.ReadUpTo(0, signature) < 8 || !signature.SequenceEqual("vhdxfile"u8))
        {
            Throw(0, "there is no file identifier");
        }

        VhdxHeader header = VhdxHeader.Read(file);
        List<string> warnings = [];
        if (header.LogId != Guid.Empty)
        {
            file = VhdxLog.Replay(file, header);
            warnings.Add("the image was not closed: its log was replayed in memory");
        }

        VhdxRegions regions = VhdxRegions.Read(file);
        VhdxMetadata metadata = VhdxMetadata.Read(file, regions);
        VhdxSource source = new(regions, metadata, file, opener.Cache);
        List<KeyValuePair<string, string>> details =
        [
            new("Type", metadata.HasParent ? "Differencing" : metadata.IsFixed ? "Fixed" : "Dynamic"),
            new("Block size", $"{metadata.BlockLength}"),
            new("Id", $"{metadata.DiskId}"),
        ];
        if (!metadata.HasParent)
        {
            return new DiskImage(Info, source) { Details = [.. details], Warnings = [.. warnings] };
        }

        DiskImage parent = OpenParent(opener, metadata);
        return new DiskImage(Info, new OverlaySource(source, parent.Content))
        {
            Details =
            [
                .. details,
                .. metadata.ParentLocator.Select(pair =>
                    new KeyValuePair<string, string>("Parent " + pair.Key, pair.Value)),
            ],
            Warnings = [.. warnings, .. parent.Warnings],
            Owned = parent.Owned,
        };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);

    // The parent's content must be the one that this disk was based on; after a merge it may go by a second identity.
    private static DiskImage OpenParent(ImageOpener opener, VhdxMetadata metadata)
    {
        string[] names =
        [
            .. PathKeys.Where(metadata.ParentLocator.ContainsKey)
                .Select(key => metadata.ParentLocator[key]).Distinct(),
        ];
        Guid[] wanted =
        [
            .. metadata.ParentLocator.Where(pair => pair.Key is "parent_linkage" or "parent_linkage2")
                .Select(pair => Guid.TryParse(pair.Value, out Guid id) ? id : Guid.Empty),
        ];
        return BackingFile.OpenParent(opener, Info.Id, names, parent =>
        {
            Guid id = VhdxHeader.Read(parent.Content).DataWriteId;
            return wanted.Contains(id)
                ? Open(parent)
                : throw new ImageFormatException(
                    Info.Id, 0, $"'{parent.FileName}' has the id {id}, the parent {string.Join(" or ", wanted)}");
        });
    }
}
