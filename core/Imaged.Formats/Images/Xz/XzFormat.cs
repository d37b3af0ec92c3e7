using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Compressed;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Xz;

/// <summary>An image inside an xz file: its index says where each block stands and what it decodes to, so that a file
/// of many blocks is read at any offset; what is decoded of a large block is spooled.</summary>
internal sealed class XzFormat : IImageFormat
{
    // A decoder takes as much as the dictionary has, up to 64 MiB.
    private const int DecoderCount = 2;

    public static FormatInfo Info { get; } =
        new("xz", "image compressed with xz", [".xz"], FormatCaps.Read | FormatCaps.Wrapper);

    // Apple's disk images begin with an xz stream when their first chunk is one: only the end tells them apart, and
    // there may be padding.
    public static Match Probe(ProbeWindow window) =>
        !window.Has(0, XzStream.HeaderMagic) ? Match.No
        : window.HasAtEnd(2, "YZ"u8) ? Match.Strong
        : Match.Likely;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        XzIndex index = XzIndex.Read(file);
        SeekPoint[] points =
            [.. index.Blocks.Select(block => new SeekPoint(
                block.Offset, block.Length, block.StoredOffset * 8, block.StoredLength))];
        BlockSource content = CompressedImage.OpenContent(opener, Info.Id, points, DecoderCount, point =>
        {
            XzBlock block = index.Blocks[PointSource.Find(points, point.Offset)];
            ReadOnlySpan<byte> flags = [0, (byte)block.Check];
            return XzBlockDecoder.Open(
                Info.Id, flags, file, block.StoredOffset, block.UnpaddedLength, block.Length);
        });
        string checks = string.Join(", ", index.Blocks.Select(block => block.Check).Distinct());
        return new DiskImage(Info, content)
        {
            Details =
            [
                new("Blocks", index.Blocks.Length.ToString(CultureInfo.InvariantCulture)),
                new("Streams", index.StreamCount.ToString(CultureInfo.InvariantCulture)),
                new("Check", checks),
            ],
            Verify = check =>
            {
                // liblzma verifies a block's check when it has decoded it.
                CompressedImage.ReadAll(content, check);
                if (index.Blocks.Any(block => block.Check != XzCheckType.None))
                {
                    check.Confirm($"{checks} of {index.Blocks.Length} blocks");
                }
            },
        };
    }
}
