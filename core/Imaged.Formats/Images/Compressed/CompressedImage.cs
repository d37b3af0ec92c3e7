using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Compressed;

/// <summary>What all formats do alike that are one compressed stream, or several of them behind each other: keep an
/// index, choose how to read.</summary>
internal static class CompressedImage
{
    /// <summary>Longest part in bytes that is decoded as a whole; of longer ones what was decoded is spooled.</summary>
    public const int MaxPart = 32 << 20;

    private const int FingerprintLength = 65536;

    /// <summary>The index of a file: the one that was kept, or a new one, which is kept then.</summary>
    /// <param name="opener">The file.</param>
    /// <param name="format">Id of the format.</param>
    /// <param name="factCount">How many facts the format needs; an index with another number is not used.</param>
    /// <param name="build">Goes through the file.</param>
    public static SeekIndex FindIndex(ImageOpener opener, string format, int factCount, Func<SeekIndex> build)
    {
        if (opener.IndexStore is not { } store)
        {
            return build();
        }

        byte[] key = Fingerprint(opener.Content, format);
        if (store.TryLoad(key) is { } kept
            && SeekIndex.TryParse(kept, opener.Content.Length) is { } known && known.Facts.Length == factCount)
        {
            return known;
        }

        SeekIndex index = build();
        byte[] raw = index.Serialize();
        if (raw.Length <= ISeekIndexStore.MaxLength)
        {
            store.Save(key, raw);
        }

        return index;
    }

    /// <summary>The content of a file whose points are known.</summary>
    /// <param name="opener">The file.</param>
    /// <param name="format">Id of the format, for errors.</param>
    /// <param name="points">At least one; they tile the content.</param>
    /// <param name="decoderCount">How many decoders may be at work at once, for the memory that they take.</param>
    /// <param name="open">Makes a decoder that begins at a point.</param>
    public static BlockSource OpenContent(
        ImageOpener opener,
        string format,
        SeekPoint[] points,
        int decoderCount,
        Func<SeekPoint, ForwardDecoder> open)
    {
        // A single part is as long as the file says, which may be a lie: piece by piece that costs nothing.
        if (points.Length > 1 && points.All(point => point.Length <= MaxPart))
        {
            return new PointSource(format, points, opener.Cache, decoderCount, open);
        }

        return new SpoolSource(format, points, opener.Cache, CreateSpool(opener), 0, open);
    }

    /// <summary>The content of a file that does not say how long it is: decoded once from beginning to end, and spooled
    /// so that it need not be done again while the image is open; its lengths are kept for the next time.</summary>
    /// <param name="opener">The file.</param>
    /// <param name="format">Id of the format.</param>
    /// <param name="parts">What is decoded from where on, with no lengths and offsets in the content.</param>
    /// <param name="open">Makes a decoder that begins at a point.</param>
    /// <exception cref="ImageFormatException">The file is damaged, or holds nothing.</exception>
    public static BlockSource OpenMeasured(
        ImageOpener opener, string format, IReadOnlyList<SeekPoint> parts, Func<SeekPoint, ForwardDecoder> open)
    {
        ISpool? spool = null;
        long spooled = 0;
        try
        {
            SeekIndex index = FindIndex(opener, format, 0, () =>
            {
                spool = CreateSpool(opener);
                return new([.. new PartMeter(opener, format, spool, open).Measure(parts, out spooled)], []);
            });
            return new SpoolSource(
                format, index.Points, opener.Cache, spool ?? CreateSpool(opener), spooled, open);
        }
        catch
        {
            spool?.Dispose();
            throw;
        }
    }

    /// <summary>Decodes all of the content, for the checks that stand behind its parts. Damage is thrown.</summary>
    public static void ReadAll(BlockSource content, ImageCheck check)
    {
        byte[] buffer = new byte[1 << 20];
        check.Begin("checksums", content.Length);
        for (long offset = 0; offset < content.Length; offset += buffer.Length)
        {
            int count = content.ReadUpTo(offset, buffer);
            check.Advance(count);
        }
    }

    /// <summary>The same error with more said behind its sentence.</summary>
    public static ImageFormatException Append(ImageFormatException error, string more)
    {
        string text = error.Message;
        string place = FormattableString.Invariant($" (at byte {error.Offset})");
        text = text.EndsWith(place, StringComparison.Ordinal) ? text[..^place.Length] : text;
        string prefix = error.Format + ": ";
        text = text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;
        return new(error.Format, error.Offset, text + more);
    }

    private static ISpool CreateSpool(ImageOpener opener) =>
        opener.IndexStore?.TryCreateSpool() ?? new MemorySpool();

    // Head and tail tell files apart that are no copies; where the host knows more, such as times, it adds that.
    private static byte[] Fingerprint(BlockSource file, string format)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.ASCII.GetBytes(FormattableString.Invariant($"{format}\n{file.Length}\n")));
        int count = (int)Math.Min(FingerprintLength, file.Length);
        hash.AppendData(file.ReadBytes(0, count));
        hash.AppendData(file.ReadBytes(file.Length - count, count));
        return hash.GetHashAndReset();
    }
}
