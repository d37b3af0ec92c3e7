using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Images.Compressed;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Bzip2;

/// <summary>An image inside a bzip2 file. Its blocks are decoded each for itself, but how long they are is not stored:
/// a file is gone through once, when it is opened first, and its index kept.</summary>
internal sealed class Bzip2Format : IImageFormat
{
    // A decoder takes 4 MiB.
    private const int DecoderCount = 8;

    private const int FactCount = 2;

    public static FormatInfo Info { get; } =
        new("bzip2", "image compressed with bzip2", [".bz2", ".tbz2"], FormatCaps.Read | FormatCaps.Wrapper);

    // Apple's disk images begin with a stream when their first chunk is one: only the end tells them apart.
    public static Match Probe(ProbeWindow window)
    {
        ReadOnlySpan<byte> head = window.Head;
        return Bzip2Stream.IsHeader(head)
            && (HasMark(head, Bzip2Stream.BlockMark) || HasMark(head, Bzip2Stream.EndMark))
            ? Match.Likely
            : Match.No;
    }

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        SeekIndex index = CompressedImage.FindIndex(opener, Info.Id, FactCount, () => Bzip2Indexer.Build(opener));
        long trailing = index.Facts[1];
        return new DiskImage(
            Info,
            CompressedImage.OpenContent(
                opener, Info.Id, index.Points, DecoderCount, point => Bzip2Indexer.Open(file, point)))
        {
            Details =
            [
                new("Streams", index.Facts[0].ToString(CultureInfo.InvariantCulture)),
                new("Blocks", index.Points.Length.ToString(CultureInfo.InvariantCulture)),
            ],
            Warnings = trailing == 0 ? [] : [$"{trailing} bytes follow the last stream"],
            Verify = check => Check(opener, check),
        };
    }

    private static void Check(ImageOpener opener, ImageCheck check)
    {
        check.Begin("checksums", opener.Content.Length);
        long done = 0;
        SeekIndex index = Bzip2Indexer.Build(opener with
        {
            Progress = (now, _) =>
            {
                check.Advance(now - done);
                done = now;
            },
        });
        check.Confirm($"CRC of {index.Points.Length} blocks and {index.Facts[0]} streams");
    }

    private static bool HasMark(ReadOnlySpan<byte> head, ulong mark)
    {
        Span<byte> raw = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(raw, mark);
        return head[Bzip2Stream.HeaderLength..].StartsWith(raw[2..]);
    }
}
