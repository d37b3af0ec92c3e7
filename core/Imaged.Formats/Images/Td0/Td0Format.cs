using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Floppy;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Td0;

/// <summary>Teledisk of Sydex: the tracks of a floppy disk, each sector compressed, perhaps all of it once
/// more.</summary>
internal sealed class Td0Format : IImageFormat
{
    /// <summary>Its id, for errors.</summary>
    public const string Id = "td0";

    public static FormatInfo Info { get; } = new(Id, "Teledisk floppy image", [".td0"], FormatCaps.Read);

    public static Match Probe(ProbeWindow window) =>
        Td0Header.TryParse(window.Head, out _) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        Span<byte> raw = stackalloc byte[Td0Header.Length];
        int read = file.ReadUpTo(0, raw);
        if (!Td0Header.TryParse(raw[..read], out Td0Header header))
        {
            ImageFormatException.Throw(Id, 0, "there is no header, or its checksum is wrong");
        }

        if (header.Volume != 0)
        {
            UnsupportedFeatureException.Throw(
                Id, $"an image in several files, of which this is number {header.Volume}");
        }

        if (header.IsCompressed && header.Version < Td0Header.FirstLzhVersion)
        {
            UnsupportedFeatureException.Throw(
                Id, $"the advanced compression of version {header.Version / 10}.{header.Version % 10}");
        }

        if (file.Length > FloppyDisk.MaxLength)
        {
            ImageFormatException.Throw(Id, 0, $"the file has {file.Length} bytes, more than {FloppyDisk.MaxLength}");
        }

        byte[] body = file.ReadBytes(Td0Header.Length, (int)file.Length - Td0Header.Length);
        Td0Reader reader = new(header.IsCompressed ? LzhufDecoder.Decode(body, FloppyDisk.MaxLength) : body);
        string[] comment = header.HasComment ? reader.ReadComment() : [];
        FloppyDisk disk = reader.ReadTracks();
        return disk.Build(
            Info,
            [
                new("Version", FormattableString.Invariant($"{header.Version / 10}.{header.Version % 10}")),
                new("Compression", header.IsCompressed ? "advanced" : "normal"),
                .. comment.Select(line => new KeyValuePair<string, string>("Comment", line)),
            ],
            reader.Warnings);
    }
}
