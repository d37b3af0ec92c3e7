using System.Buffers.Binary;
using System.Collections.Immutable;
using Imaged.Formats.Images.Headered;
using Imaged.Formats.Images.V2i;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Pqi;

/// <summary>Images of PowerQuest Drive Image 2 to 7 that are not in the container of their successors. Only the facts
/// before the payload are on record: it is opened when the disk stands in it uncompressed.</summary>
internal sealed class PqiFormat : IImageFormat
{
    private const int PasswordCrcOffset = 0x18;

    public static FormatInfo Info { get; } =
        new("pqi", "PowerQuest Drive Image", [".pqi"], FormatCaps.Read);

    private static ReadOnlySpan<byte> FirstMagic => [0x77, 0x89, 0x26, 0x12];

    public static Match Probe(ProbeWindow window) =>
        window.Has(0, FirstMagic) || (window.Has(0, V2iHeader.BaseMagic) && !V2iFormat.IsBase(window))
            ? Match.Strong
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        ProbeWindow window = ProbeWindow.Read(opener.Content, opener.FileName);
        if (Probe(window) == Match.No)
        {
            throw new ImageFormatException(Info.Id, 0, "the file does not begin with a signature of Drive Image");
        }

        PqiPartition? partition = window.Has(0, FirstMagic) ? PqiPartition.Parse(window.Head) : null;
        if (partition is not null)
        {
            partition.CheckPassword(opener);
        }
        else if (window.Head.Length >= PasswordCrcOffset + sizeof(uint))
        {
            uint crc = BinaryPrimitives.ReadUInt32LittleEndian(window.Head[PasswordCrcOffset..]);
            V2iFormat.CheckPassword(opener, Info.Id, crc);
        }

        string product = window.Has(0, FirstMagic) ? "Drive Image 2 or 3" : "Drive Image 4 to 7";
        DiskImage image = HeaderedFormat.TryOpen(Info, opener.Content) ?? throw new UnsupportedFeatureException(
            Info.Id,
            $"an image of {partition?.ToString() ?? "a partition"} by {product}, whose compression was never "
            + "documented (no disk begins uncompressed in the file),");
        ImmutableArray<KeyValuePair<string, string>> facts = [new("Product", product), .. partition?.Details ?? []];
        return new DiskImage(Info, image.Content)
        {
            Details = facts.AddRange(image.Details),
            Warnings = image.Warnings,
            Disc = image.Disc,
            Owned = image.Owned,
        };
    }
}
