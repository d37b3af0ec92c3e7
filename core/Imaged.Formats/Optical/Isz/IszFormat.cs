using System.Globalization;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Isz;

/// <summary>UltraISO's "ISO Zipped": a disc image in compressed chunks, in one file or several.</summary>
internal sealed class IszFormat : IImageFormat
{
    /// <summary>Its id, for errors.</summary>
    public const string Id = "isz";

    public static FormatInfo Info { get; } =
        new(Id, "UltraISO", [".isz"], FormatCaps.Read | FormatCaps.Split | FormatCaps.Wrapper);

    /// <summary>What every file begins with.</summary>
    public static ReadOnlySpan<byte> Magic => "IsZ!"u8;

    public static Match Probe(ProbeWindow window) => window.Has(0, Magic) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        IszHeader header = IszHeader.Read(opener.Content);
        if (header.Segment != 0)
        {
            ImageFormatException.Throw(Id, 34, $"this is part {header.Segment} of an image, open the first one");
        }

        byte[]? key = null;
        if (header.KeyLength > 0)
        {
            ReadOnlySpan<byte> password = opener.RequirePassword(Id);
            key = new byte[header.KeyLength];
            password[..Math.Min(password.Length, key.Length)].CopyTo(key);
        }

        BlockSource data = IszSegments.Join(opener, header);
        IszTable table = IszTable.Read(opener.Content, header, data.Length);
        IszSource content = new(data, header, table, key, opener.Cache);
        if (key is not null && !content.CanDecode())
        {
            throw new PasswordException(Id, isMissing: false);
        }

        return new(Info, content)
        {
            Details =
            [
                new("Chunk size", header.ChunkLength.ToString(CultureInfo.InvariantCulture)),
                new("Encryption", key is null ? "none" : $"AES-{8 * header.KeyLength}"),
            ],
            Verify = header.Crc is { } crc ? check => Verify(content, crc, check) : null,
        };
    }

    private static void Verify(BlockSource content, uint expected, ImageCheck check)
    {
        Crc32 crc = new();
        check.ReadAll("CRC-32", content, crc.Append);
        check.Compare("CRC-32", crc.GetCurrentHashAsUInt32(), expected);
    }
}
