using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Compressed;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Gzip;

/// <summary>An image inside a gzip file. Its length is nowhere stored, and nothing in it says where decoding can begin:
/// a file is gone through once, when it is opened first, and its index kept; bgzip's files say both.</summary>
internal sealed class GzipFormat : IImageFormat
{
    // Members that are decoded at once are small: many may be on their way.
    private const int DecoderCount = 8;

    private const int FactCount = 2;

    public static FormatInfo Info { get; } =
        new("gzip", "image compressed with gzip", [".gz", ".tgz"], FormatCaps.Read | FormatCaps.Wrapper);

    public static Match Probe(ProbeWindow window) => window.Has(0, GzipHeader.Magic) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        StreamInput input = new(file, 0, file.Length);
        GzipHeader header = GzipHeader.Read(input);
        SeekIndex index = GzipIndexer.TryWalk(file)
            ?? CompressedImage.FindIndex(opener, Info.Id, FactCount, () => GzipIndexer.Build(opener));
        long trailing = index.Facts[1];
        List<KeyValuePair<string, string>> details = [];
        if (header.Name is not null)
        {
            details.Add(new("Packed file", header.Name));
        }

        if (header.Modified != 0)
        {
            DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(header.Modified);
            details.Add(
                new("Packed file of", time.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)));
        }

        details.Add(new("Members", index.Facts[0].ToString(CultureInfo.InvariantCulture)));
        details.Add(new("Points", index.Points.Length.ToString(CultureInfo.InvariantCulture)));
        return new DiskImage(
            Info,
            CompressedImage.OpenContent(
                opener, Info.Id, index.Points, DecoderCount, point => GzipIndexer.Open(file, point)))
        {
            Details = [.. details],
            Warnings = trailing == 0 ? [] : [$"{trailing} bytes follow the last member"],
            Verify = check => Check(file, check),
        };
    }

    // From beginning to end: the checksums are those of whole members.
    private static void Check(BlockSource file, ImageCheck check)
    {
        GzipReader reader = new(file, 0, file.Length);
        check.Begin("checksums", file.Length);
        long done = 0;
        while (!reader.Next().IsEmpty)
        {
            check.Advance((reader.BitOffset / 8) - done);
            done = reader.BitOffset / 8;
        }

        check.Confirm($"CRC-32 and length of {reader.MemberCount} members");
    }
}
