using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.CdText;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.C2d;

/// <summary>Images of WinOnCD: a header and blocks that describe the tracks, in one file with the sectors.</summary>
internal sealed class C2dFormat : IImageFormat
{
    /// <summary>Id of the format.</summary>
    public const string Id = "c2d";

    private const int HeaderLength = 196;
    private const int MaxBlocks = 10_000;
    private const int MaxText = 1 << 20;

    public static FormatInfo Info { get; } = new(Id, "WinOnCD disc image", [".c2d"], FormatCaps.Read);

    public static Match Probe(ProbeWindow window) =>
        window.Has(0, "Adaptec CeQuadrat VirtualCD File"u8) || window.Has(0, "Roxio Image File Format 3.0"u8)
            ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource content = opener.Content;
        if (content.Length < HeaderLength)
        {
            ImageFormatException.Throw(Id, 0, $"the file has {content.Length} bytes, fewer than its header");
        }

        byte[] header = content.ReadBytes(0, HeaderLength);
        if (Probe(ProbeWindow.Read(content, opener.FileName)) == Match.No)
        {
            ImageFormatException.Throw(Id, 0, "the file does not begin with a signature of WinOnCD");
        }

        int headerLength = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(32));
        bool hasNumber = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(34)) != 0;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(50));
        long text = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(52));
        long blocks = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(56));
        if (count is 0 or > MaxBlocks || blocks + (count * (long)C2dBlock.Length) > content.Length
            || text > MaxText || headerLength + text > content.Length)
        {
            ImageFormatException.Throw(
                Id,
                50,
                $"{count} blocks at byte {blocks} and {text} bytes of CD-Text do not lie in the file, or are too many");
        }

        byte[] table = content.ReadBytes(blocks, count * C2dBlock.Length);
        ImmutableArray<byte> packs = CdTextPacks.OfFile(content.ReadBytes(headerLength, (int)text));
        Dictionary<int, DiscText> words = CdTextPacks.Decode(packs.AsSpan());
        DiscBuilder builder = new(Id, DiscMedium.Cd)
        {
            CatalogNumber = hasNumber ? Encoding.Latin1.GetString(header, 36, 13) : null,
            TextPacks = packs,
            Text = words.GetValueOrDefault(0, DiscText.None),
        };
        foreach (IGrouping<int, C2dBlock> track in Enumerable.Range(0, count)
            .Select(i => C2dBlock.Parse(table.AsSpan(i * C2dBlock.Length), blocks + (i * C2dBlock.Length)))
            .GroupBy(block => block.Track))
        {
            Add(builder, [.. track], content, words.GetValueOrDefault(track.Key, DiscText.None));
        }

        string description = Encoding.Latin1.GetString(header, 64, 128).Split('\0')[0].Trim();
        return DiscImage.Create(
            Info, builder.Build(), details: description.Length > 0 ? [new("Description", description)] : []);
    }

    // One block for each index. What has an offset is stored from there on; further indexes have none of their own.
    private static void Add(DiscBuilder builder, List<C2dBlock> blocks, BlockSource content, DiscText text)
    {
        C2dBlock? body = blocks.Find(block => block.Index == 1);
        if (body is not { HasOffset: true })
        {
            throw new ImageFormatException(
                Id, blocks[0].EntryOffset, $"track {blocks[0].Track} has no index 1 with an offset");
        }

        if (blocks.Exists(block => block.IsCompressed))
        {
            throw new UnsupportedFeatureException(Id, "compression");
        }

        StoredSector stored = StoredSector.OfLength((int)Math.Min(body.SectorSize, int.MaxValue))
            ?? throw new UnsupportedFeatureException(Id, $"a sector size of {body.SectorSize} bytes");
        List<SectorRun> runs = [];
        if (builder.Count > 0 && blocks.Find(block => block.Index == 0) is { } pregap && pregap.First < body.First)
        {
            long count = body.First - pregap.First;
            runs.Add(pregap.HasOffset
                ? stored.Run(pregap.First, count, content, pregap.Offset)
                : SectorRun.Empty(pregap.First, count));
        }

        long end = blocks.Max(block => block.Last) + 1;
        runs.Add(stored.Run(body.First, end - body.First, content, body.Offset));
        builder.Add(
            new DiscTrack(body.Track, body.Session, body.Mode)
            {
                StartLba = body.First,
                FurtherIndexes =
                [
                    .. blocks.Where(block => block.Index > 1).OrderBy(block => block.Index)
                        .Select(block => block.First),
                ],
                Control = body.Control,
                Isrc = body.Isrc,
                Text = text,
            },
            runs,
            body.EntryOffset);
    }
}
