using System.Buffers.Binary;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Compressed;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Lzma;

/// <summary>An image inside a bare LZMA stream, what xz was before: properties, dictionary size, length, and one run of
/// data without points or checks (lzma-specification.txt of the LZMA SDK, "Lzma file format").</summary>
internal sealed class LzmaFormat : IImageFormat
{
    private const int HeaderLength = 13;
    private const int MaxProperties = 9 * 5 * 5;
    private const long MaxLength = 1L << 56;

    public static FormatInfo Info { get; } =
        new("lzma", "image compressed with LZMA", [".lzma"], FormatCaps.Read | FormatCaps.Wrapper);

    // There is no magic number: the name must say it, too.
    public static Match Probe(ProbeWindow window) =>
        window.HasExtension(Info.Extensions) && IsHeader(window.Head) ? Match.Likely : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        Span<byte> header = stackalloc byte[HeaderLength];
        if (file.ReadUpTo(0, header) < header.Length || !IsHeader(header))
        {
            ImageFormatException.Throw(Info.Id, 0, "there is no header of an LZMA stream");
        }

        long length = LengthOf(header);
        SeekPoint point = new(0, Math.Max(0, length), 0, file.Length);
        BlockSource content = length > 0
            ? CompressedImage.OpenContent(opener, Info.Id, [point], 1, Decode)
            : CompressedImage.OpenMeasured(opener, Info.Id, [point], Decode);
        uint dictionary = BinaryPrimitives.ReadUInt32LittleEndian(header[1..]);
        return new DiskImage(Info, content)
        {
            Details = [new("Dictionary", $"{(dictionary >> 10).ToString(CultureInfo.InvariantCulture)} KiB")],
        };

        ForwardDecoder Decode(SeekPoint from) =>
            LzmaStreamDecoder.OpenAlone(Info.Id, new StreamInput(file, 0, file.Length), 0);
    }

    private static bool IsHeader(ReadOnlySpan<byte> raw) =>
        raw.Length >= HeaderLength && raw[0] < MaxProperties && LengthOf(raw) is >= -1 and not 0 and < MaxLength;

    // -1: an end mark says it.
    private static long LengthOf(ReadOnlySpan<byte> raw) => BinaryPrimitives.ReadInt64LittleEndian(raw[5..]);
}
