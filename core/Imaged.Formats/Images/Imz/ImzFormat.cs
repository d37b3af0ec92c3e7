using System.Collections.Immutable;
using System.IO.Hashing;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Imz;

/// <summary>WinImage's IMZ: a zip file that holds one image, mostly of a floppy disk.</summary>
internal sealed class ImzFormat : IImageFormat
{
    /// <summary>Its id, for errors.</summary>
    public const string Id = "imz";

    private const int Stored = 0;
    private const int Deflate = 8;
    private const int NameOffset = 30;

    // Of the file inside, when the zip file is not called so.
    private static readonly ImmutableArray<string> InnerExtensions = [".ima", ".img", ".imz", ".flp", ".vfd"];

    public static FormatInfo Info { get; } =
        new(Id, "zip file with one image (WinImage)", [".imz"], FormatCaps.Read | FormatCaps.Wrapper);

    public static Match Probe(ProbeWindow window) =>
        !window.Has(0, ImzEntry.LocalMagic) ? Match.No
        : ImzEntry.TryFindEnd(window.Tail, out ReadOnlySpan<byte> end) && ImzEntry.CountOf(end) == 1
            && IsImage(NameOf(window)) ? Match.Strong
        : window.HasExtension(Info.Extensions) ? Match.Likely
        : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        ImzEntry entry = ImzEntry.Read(opener.Content);
        if (entry.IsEncrypted && !entry.HasImzCipher)
        {
            UnsupportedFeatureException.Throw(Id, "encryption by the methods of zip files");
        }

        if (entry.Method is not (Stored or Deflate))
        {
            UnsupportedFeatureException.Throw(Id, $"compression method {entry.Method}");
        }

        byte[] image = Decode(opener, entry);
        uint crc = Crc32.HashToUInt32(image);
        if (crc != entry.Crc && entry.IsEncrypted)
        {
            throw new PasswordException(Id, isMissing: false);
        }

        return new(Info, new MemorySource(image))
        {
            Details = [new("Name", entry.Name), new("Encryption", entry.IsEncrypted ? "password" : "none")],
            Warnings = crc == entry.Crc ? [] : ["the CRC-32 of the image is wrong: it is damaged"],
            Verify = check => check.Compare("CRC-32", crc, entry.Crc),
        };
    }

    private static bool IsImage(string name) =>
        InnerExtensions.Any(extension => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    private static byte[] Decode(ImageOpener opener, ImzEntry entry)
    {
        byte[]? stored = opener.Content.ReadBytes(entry.StoredOffset, entry.StoredLength);
        if (entry.IsEncrypted)
        {
            stored = ImzCipher.Decrypt(stored, opener.RequirePassword(Id));
        }

        byte[] image = new byte[entry.Length];
        int count = stored is null ? -1
            : entry.Method == Deflate ? DeflateDecoder.DecodePrefix(stored, image)
            : stored.AsSpan().TryCopyTo(image) ? stored.Length : -1;
        if (count != image.Length)
        {
            // With a wrong password nothing else is to be expected.
            throw stored is not null && entry.IsEncrypted
                ? new PasswordException(Id, isMissing: false)
                : new ImageFormatException(Id, entry.StoredOffset, "the compressed image is damaged");
        }

        return image;
    }

    private static string NameOf(ProbeWindow window)
    {
        int length = window.Head.Length < NameOffset ? 0 : window.Head[26] | (window.Head[27] << 8);
        return length > window.Head.Length - NameOffset
            ? string.Empty
            : Encoding.Latin1.GetString(window.Head.Slice(NameOffset, length));
    }
}
