using Imaged.Formats.Images.Floppy;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Imd;

/// <summary>ImageDisk of Dave Dunfield: the tracks of a floppy disk behind a line of text and a comment.</summary>
internal sealed class ImdFormat : IImageFormat
{
    /// <summary>Its id, for errors.</summary>
    public const string Id = "imd";

    public static FormatInfo Info { get; } = new(Id, "ImageDisk floppy image", [".imd"], FormatCaps.Read);

    private static ReadOnlySpan<byte> Magic => "IMD "u8;

    // A line that says what made it and when, a comment, and a mark that ends the text.
    public static Match Probe(ProbeWindow window) =>
        window.Has(0, Magic) && window.Head.IndexOfAny(ImdReader.EndOfText, (byte)0) is var end and >= 0
        && window.Head[end] == ImdReader.EndOfText
            ? Match.Strong
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        Span<byte> magic = stackalloc byte[4];
        if (opener.Content.ReadUpTo(0, magic) < magic.Length || !magic.SequenceEqual(Magic))
        {
            ImageFormatException.Throw(Id, 0, "it does not begin with IMD");
        }

        if (opener.Content.Length > FloppyDisk.MaxLength)
        {
            ImageFormatException.Throw(
                Id, 0, $"the file has {opener.Content.Length} bytes, more than {FloppyDisk.MaxLength}");
        }

        ImdReader reader = new(opener.Content.ReadBytes(0, (int)opener.Content.Length));
        string[] lines = reader.ReadText();
        FloppyDisk disk = reader.ReadTracks();
        return disk.Build(
            Info,
            [
                new("Made by", lines[0]),
                .. lines.Skip(1).Select(line => new KeyValuePair<string, string>("Comment", line)),
            ],
            []);
    }
}
