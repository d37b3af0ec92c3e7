using System.Globalization;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Dax;

/// <summary>Older compressed images of PSP discs than CSO, or beside it: DAX, and JSO with deflate.</summary>
internal sealed class DaxFormat : IImageFormat
{
    /// <summary>Its id, for errors.</summary>
    public const string Id = "dax";

    public static FormatInfo Info { get; } =
        new(Id, "DAX, JSO", [".dax", ".jso"], FormatCaps.Read | FormatCaps.Wrapper);

    public static Match Probe(ProbeWindow window) => DaxHeader.MayBe(window.Head) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        DaxHeader header = DaxHeader.Read(opener.Content);
        DaxTable table = DaxTable.Read(opener.Content, header);
        return new(Info, new DaxSource(opener.Content, header, table, opener.Cache))
        {
            Details =
            [
                new("Kind", header.IsJso ? "JSO" : "DAX"),
                new("Block size", header.BlockLength.ToString(CultureInfo.InvariantCulture)),
            ],
        };
    }
}
