using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Compressed;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Zstd;

/// <summary>An image inside a zstd file. Decoding begins at a frame; that of a large frame goes one way, and what was
/// decoded is spooled.</summary>
internal sealed class ZstdFormat : IImageFormat
{
    // A decoder takes as much as its frame decodes to, at most.
    private const int DecoderCount = 3;

    public static FormatInfo Info { get; } =
        new("zstd", "image compressed with zstd", [".zst"], FormatCaps.Read | FormatCaps.Wrapper);

    // A skippable frame may begin a file of another format.
    public static Match Probe(ProbeWindow window) => !ZstdFrame.IsMagic(window.Head) ? Match.No
        : ZstdFrame.IsSkippable(window.Head) ? Match.Likely
        : Match.Strong;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        ZstdFrames frames = ZstdFrames.Find(file);
        Func<SeekPoint, ForwardDecoder> open = point =>
            new ZstdStreamDecoder(Info.Id, file, point.StoredOffset, point.StoredOffset + point.StoredLength);
        BlockSource content = frames.IsMeasured
            ? CompressedImage.OpenContent(opener, Info.Id, [.. frames.Parts], DecoderCount, open)
            : CompressedImage.OpenMeasured(opener, Info.Id, frames.Parts, open);
        return new DiskImage(Info, content)
        {
            Details =
            [
                new("Frames", frames.Count.ToString(CultureInfo.InvariantCulture)),
                new("Seek table", frames.HasTable ? "yes" : "no"),
            ],
            Warnings = frames.Trailing == 0 ? [] : [$"{frames.Trailing} bytes follow the last frame"],
            Verify = check => Check(content, frames.Checksums, check),
        };
    }

    // libzstd verifies a frame's checksum when it has decoded it.
    private static void Check(BlockSource content, long checksums, ImageCheck check)
    {
        CompressedImage.ReadAll(content, check);
        if (checksums > 0)
        {
            check.Confirm($"checksums of {checksums} frames");
        }
    }
}
