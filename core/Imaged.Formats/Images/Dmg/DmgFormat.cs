using System.Collections.Immutable;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Dmg;

/// <summary>Apple's Universal Disk Image Format: a disk cut into chunks that are stored, compressed or left out, block
/// tables that say where, and a trailer.</summary>
internal sealed class DmgFormat : IImageFormat
{
    // How far from the end a trailer is looked for when somebody says that this is the format: downloads leave junk.
    private const int SearchLength = 65536;

    public static FormatInfo Info { get; } =
        new("dmg", "Apple disk image (UDIF)", [".dmg", ".smi"], FormatCaps.Read | FormatCaps.Split);

    public static Match Probe(ProbeWindow window) =>
        window.HasAtEnd(KolyTrailer.Length, KolyTrailer.Magic) || window.Has(0, KolyTrailer.Magic)
            ? Match.Strong
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        List<string> warnings = [];
        long offset = FindTrailer(opener.Content);
        if (offset > 0 && offset + KolyTrailer.Length < opener.Content.Length)
        {
            warnings.Add($"{opener.Content.Length - offset - KolyTrailer.Length} bytes follow the trailer");
        }

        KolyTrailer trailer = ReadTrailer(opener.Content, offset);
        DmgSegments segments = DmgSegments.Open(opener, trailer);
        BlockSource fork = segments.Fork;
        List<DmgTable> tables = DmgTableReader.Read(segments, opener);
        DmgSource content = new(fork, tables, trailer.SectorCount, opener.Cache);
        if (content.Length == 0)
        {
            ImageFormatException.Throw(Info.Id, offset + 492, "the disk has no sectors");
        }

        if (trailer.SectorCount > 0 && content.EndSector > trailer.SectorCount)
        {
            warnings.Add($"chunks go to sector {content.EndSector}, the disk ends at {trailer.SectorCount}");
        }

        return new DiskImage(Info, content)
        {
            Details = Describe(trailer, tables, segments.Count),
            Warnings = [.. warnings],
            Verify = check => DmgCheck.Run(segments, tables, content, check),
        };
    }

    /// <summary>Reads the trailer that begins at <paramref name="offset"/>.</summary>
    public static KolyTrailer ReadTrailer(BlockSource file, long offset)
    {
        Span<byte> raw = stackalloc byte[KolyTrailer.Length];
        if (offset < 0 || file.ReadUpTo(offset, raw) < raw.Length || !raw.StartsWith(KolyTrailer.Magic))
        {
            ImageFormatException.Throw(Info.Id, Math.Max(offset, 0), "there is no trailer");
        }

        return KolyTrailer.Parse(raw, offset, file.Length);
    }

    private static long FindTrailer(BlockSource file)
    {
        Span<byte> magic = stackalloc byte[KolyTrailer.Magic.Length];
        foreach (long offset in (ReadOnlySpan<long>)[file.Length - KolyTrailer.Length, 0])
        {
            if (offset >= 0 && file.ReadUpTo(offset, magic) == magic.Length && magic.SequenceEqual(KolyTrailer.Magic))
            {
                return offset;
            }
        }

        long begin = Math.Max(0, file.Length - SearchLength);
        int found = file.ReadBytes(begin, (int)(file.Length - begin)).AsSpan().LastIndexOf(KolyTrailer.Magic);
        return found < 0 ? -1 : begin + found;
    }

    private static ImmutableArray<KeyValuePair<string, string>> Describe(
        KolyTrailer trailer, List<DmgTable> tables, int segments)
    {
        string[] codecs =
        [
            .. tables.SelectMany(table => table.Chunks).Where(chunk => chunk.IsEncoded)
                .Select(chunk => NameOf(chunk.Kind)).Distinct().Order(StringComparer.Ordinal),
        ];
        ImmutableArray<KeyValuePair<string, string>>.Builder details =
            ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        details.Add(new("Image of", trailer.IsPartition ? "a partition" : "a device"));
        details.Add(new("Compression", codecs.Length == 0 ? "none" : string.Join(", ", codecs)));
        details.Add(new("Block tables", tables.Count.ToString(CultureInfo.InvariantCulture)));
        if (segments > 1)
        {
            details.Add(new("Segments", segments.ToString(CultureInfo.InvariantCulture)));
        }

        return details.ToImmutable();
    }

    private static string NameOf(DmgChunkKind kind) => kind switch
    {
        DmgChunkKind.Adc => "ADC",
        DmgChunkKind.Zlib => "zlib",
        DmgChunkKind.Bzip2 => "bzip2",
        DmgChunkKind.Lzfse => "LZFSE",
        _ => "LZMA (xz)",
    };
}
