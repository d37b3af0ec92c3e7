using System.Buffers.Binary;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Dc42;

/// <summary>DiskCopy 4.2: the sectors of a floppy disk behind a header, and the tags of the sectors of old Macintosh
/// and Lisa disks behind them.</summary>
internal sealed class Dc42Format : IImageFormat
{
    public static FormatInfo Info { get; } =
        new("dc42", "Apple DiskCopy 4.2 image", [".dc42", ".image", ".dc"], FormatCaps.Read);

    public static Match Probe(ProbeWindow window) =>
        !Dc42Header.TryParse(window.Head, window.Length, out Dc42Header header) ? Match.No
        : header.End == window.Length ? Match.Strong
        : Match.Weak; // some programs write more behind the tags

    public static DiskImage Open(ImageOpener opener)
    {
        Span<byte> raw = stackalloc byte[Dc42Header.Length];
        int count = opener.Content.ReadUpTo(0, raw);
        if (!Dc42Header.TryParse(raw[..count], opener.Content.Length, out Dc42Header header))
        {
            ImageFormatException.Throw(Info.Id, 0, "the header is not that of DiskCopy 4.2, or the file is cut off");
        }

        return new DiskImage(Info, new SliceSource(opener.Content, Dc42Header.Length, header.DataLength))
        {
            Details =
            [
                new("Disk", header.DiskName),
                new("Tags", header.TagLength.ToString(CultureInfo.InvariantCulture)),
            ],
            Verify = check => Verify(opener.Content, header, check),
        };
    }

    private static void Verify(BlockSource file, Dc42Header header, ImageCheck check)
    {
        check.Begin("checksums", header.DataLength + header.TagLength);
        Compare(file, Dc42Header.Length, header.DataLength, header.DataChecksum, "sectors", check);

        // The tag of the first sector is left out: so did the first version, by mistake.
        long tags = Dc42Header.Length + header.DataLength;
        int skipped = (int)Math.Min(Dc42Header.TagSize, header.TagLength);
        check.Advance(skipped);
        Compare(file, tags + skipped, header.TagLength - skipped, header.TagChecksum, "tags", check);
    }

    // For each word of 16 bits: add it, then rotate right by one.
    private static void Compare(
        BlockSource file, long offset, long length, uint expected, string what, ImageCheck check)
    {
        // Programs that compute none write 0.
        if (length == 0 || expected == 0)
        {
            return;
        }

        byte[] bytes = file.ReadBytes(offset, (int)length);
        uint sum = 0;
        for (int i = 0; i + 1 < bytes.Length; i += 2)
        {
            sum = uint.RotateRight(unchecked(sum + BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(i))), 1);
        }

        check.Advance(length);
        if (sum == expected)
        {
            check.Confirm($"checksum of the {what}");
        }
        else
        {
            check.Report(null, $"the checksum of the {what} is {sum:x8}, not {expected:x8}");
        }
    }
}
