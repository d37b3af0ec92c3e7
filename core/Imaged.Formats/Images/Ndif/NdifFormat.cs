using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Apple;
using Imaged.Formats.Images.Dmg;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ndif;

/// <summary>NDIF of Disk Copy 6: chunks of a disk in the data fork, their table in the resource fork. Outside of a
/// Macintosh both forks are kept in one file, or the second one in a file beside.</summary>
internal sealed class NdifFormat : IImageFormat
{
    /// <summary>Its id, for errors.</summary>
    public const string Id = "ndif";

    public static FormatInfo Info { get; } =
        new(Id, "Apple Disk Copy 6 image (NDIF)", [".img", ".smi", ".bin"], FormatCaps.Read);

    // The map of resources stands at the end of the fork, which ends the file; it names the types.
    public static Match Probe(ProbeWindow window)
    {
        bool hasForks = MacBinary.IsHeader(window.Head) || window.Has(0, AppleDouble.SingleMagic);
        return hasForks && window.Tail.IndexOf(NdifTable.ResourceType) >= 0 ? Match.Strong
            : window.HasExtension(Info.Extensions) ? Match.Weak
            : Match.No;
    }

    public static DiskImage Open(ImageOpener opener)
    {
        (BlockSource data, BlockSource resource) = FindForks(opener);
        List<byte[]> tables = ResourceFork.Read(Id, resource, NdifTable.ResourceType, maxCount: 1);
        if (tables.Count == 0)
        {
            ImageFormatException.Throw(Id, 0, "the resource fork has no table of chunks (bcem)");
        }

        NdifTable table = NdifTable.Parse(tables[0], data.Length);

        // The chunks are those of the format that came after, with other numbers.
        DmgTable chunks = new(table.Name, new DmgChecksum(0, 0, []), table.Chunks);
        return new(Info, new DmgSource(data, [chunks], table.SectorCount, opener.Cache))
        {
            Details =
            [
                new("Disk", table.Name),
                new("Chunks", table.Chunks.Length.ToString(CultureInfo.InvariantCulture)),
            ],
        };
    }

    private static (BlockSource Data, BlockSource Resource) FindForks(ImageOpener opener)
    {
        if (MacBinary.Open(opener.Content) is { } forks)
        {
            return forks;
        }

        if (AppleDouble.FindEntry(Id, opener.Content, AppleDouble.ResourceFork) is { } inside
            && AppleDouble.FindEntry(Id, opener.Content, AppleDouble.DataFork) is { } data)
        {
            return (data, inside);
        }

        BlockSource? beside = AppleDouble.FindResourceFork(Id, opener);
        return beside is null
            ? throw new ImageFormatException(
                Id, 0, $"there is no resource fork: neither in the file nor in '._{opener.FileName}' beside it")
            : (opener.Content, beside);
    }
}
