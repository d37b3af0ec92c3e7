using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Embedded;

namespace Imaged.Formats.Optical.VirtualCd;

/// <summary>Images of Virtual CD by H+H (<c>.vcd</c>, <c>.vc4</c>; data in <c>.000</c>, <c>.001</c> …) and of the
/// virtual CD-ROM of FarStone (<c>.fcd</c>). Their layout was never published: they are recognised, and opened when a
/// volume stands in them uncompressed.</summary>
internal sealed class VirtualCdFormat : IImageFormat
{
    /// <summary>Id of the format.</summary>
    public const string Id = "vcd";

    private const int MaxParts = 1000;

    public static FormatInfo Info { get; } = new(
        Id, "Virtual CD image (H+H, FarStone)", [".vcd", ".vc4", ".fcd"], FormatCaps.Read | FormatCaps.Split);

    private static ReadOnlySpan<byte> Container => "\0VCDContainer\0\0"u8;

    private static ReadOnlySpan<byte> Part => [0x1f, 0xab, 0x99, 0, 0, 9, 0x3d, 0, 1, 0, 0, 0];

    private static ReadOnlySpan<byte> Log => [(byte)'V', (byte)'B', (byte)'L', 0, 1, 0, 0, 0];

    private static ReadOnlySpan<byte> Fcd => [1, 0, 0, 0, 0, 0x80, 0, 0, 0];

    public static Match Probe(ProbeWindow window) =>
        window.Has(0, Container) || window.Has(0, Part) || window.Has(0, Log) || IsFcd(window)
            ? Match.Strong
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        ProbeWindow window = ProbeWindow.Read(opener.Content, opener.FileName);
        if (window.Has(0, Log))
        {
            throw new UnsupportedFeatureException(
                Id, "the log of an image, which holds no data (open the file beside it),");
        }

        if (IsFcd(window))
        {
            return EmbeddedVolume.Find(opener.Content) is { } volume
                ? EmbeddedDisc.Create(Info, opener.Content, volume)
                : throw new UnsupportedFeatureException(
                    Id,
                    "the compression of this FarStone image (its layout was never published: convert it to ISO with "
                        + "the original program)");
        }

        if (Probe(window) == Match.No)
        {
            throw new ImageFormatException(Id, 0, "the file does not begin with a signature of Virtual CD");
        }

        return OpenParts(opener);
    }

    private static bool IsFcd(ProbeWindow window) =>
        window.Has(0, Fcd) && window.Head[..Math.Min(512, window.Head.Length)].IndexOf("FCD V1.0"u8) >= 0;

    private static DiskImage OpenParts(ImageOpener opener)
    {
        List<BlockSource> parts = FindParts(opener);
        string found = FormattableString.Invariant($"{parts.Count} data files, {parts.Sum(part => part.Length)} bytes");
        if (parts.Count > 0 && EmbeddedVolume.Find(new ConcatSource(parts, ownsParts: false)) is { } first)
        {
            // A later part that begins as the first one does has a header of the same length.
            BlockSource[] joined =
            [
                .. parts.Select((part, i) => i > 0 && BeginsAsPart(part) && part.Length >= first.Offset
                    ? new SliceSource(part, first.Offset, part.Length - first.Offset)
                    : part),
            ];
            ConcatSource whole = new(joined, ownsParts: false);
            if (EmbeddedVolume.Find(whole) is { } volume
                && volume.Offset + (volume.Space * volume.Stored.Length) <= whole.Length)
            {
                return EmbeddedDisc.Create(Info, whole, volume, [new("Parts", found)]);
            }
        }

        throw new UnsupportedFeatureException(
            Id,
            parts.Count == 0
                ? $"an H+H Virtual CD image without its data file '{StemOf(opener.FileName)}.000' beside it"
                : $"the compression or encryption of this H+H Virtual CD image ({found}; its layout was never "
                    + "published: convert it to ISO with the original program)");
    }

    private static bool BeginsAsPart(BlockSource part)
    {
        Span<byte> head = stackalloc byte[12];
        return part.ReadUpTo(0, head) == head.Length && head.SequenceEqual(Part);
    }

    private static string StemOf(string fileName) => Path.GetFileNameWithoutExtension(fileName);

    // Parts of the same stem in the order of their numbers, from 000 on without a gap.
    private static List<BlockSource> FindParts(ImageOpener opener)
    {
        string stem = StemOf(opener.FileName);
        List<BlockSource> parts = [];
        Dictionary<string, string> names = new(StringComparer.OrdinalIgnoreCase);
        foreach (string name in opener.Siblings?.ListSiblings() ?? [])
        {
            names.TryAdd(name, name);
        }

        for (int i = 0; i < MaxParts; i++)
        {
            string wanted = stem + "." + i.ToString("D3", CultureInfo.InvariantCulture);
            if (opener.FileName.Equals(wanted, StringComparison.OrdinalIgnoreCase))
            {
                parts.Add(opener.Content);
            }
            else if (
                names.TryGetValue(wanted, out string? name) && opener.Siblings!.TryOpen(name, out BlockSource part))
            {
                parts.Add(part);
            }
            else
            {
                break;
            }
        }

        return parts;
    }
}
