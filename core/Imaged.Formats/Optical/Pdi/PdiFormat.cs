using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Pdi;

/// <summary>Images of Pinnacle InstantCopy: a header of which nothing but the signature is known, then
/// sectors.</summary>
internal sealed class PdiFormat : IImageFormat
{
    /// <summary>Id of the format.</summary>
    public const string Id = "pdi";

    private const int HeaderLength = 304;
    private const long MaxCdSectors = 450_000;

    public static FormatInfo Info { get; } = new(Id, "InstantCopy disc image", [".pdi"], FormatCaps.Read);

    private static ReadOnlySpan<byte> Signature => "TTAFMPVOBCDIMG\x01\0"u8;

    public static Match Probe(ProbeWindow window) => window.Has(0, Signature) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource content = opener.Content;
        byte[] head = content.ReadBytes(0, (int)Math.Min(HeaderLength + 16, content.Length));
        if (!head.AsSpan().StartsWith(Signature) || head.Length < HeaderLength + 16)
        {
            ImageFormatException.Throw(
                Id, 0, $"the file does not begin with TTAFMPVOBCDIMG, or ends inside its header");
        }

        bool isWhole = RawSector.HasSync(head.AsSpan(HeaderLength));
        int size = isWhole ? FindLength(content) : SectorLayouts.DataLength;
        long count = (content.Length - HeaderLength) / size;
        if (count == 0)
        {
            ImageFormatException.Throw(Id, HeaderLength, $"there is no whole sector of {size} bytes");
        }

        TrackMode mode = isWhole && RawSector.ModeOf(
            head.AsSpan(HeaderLength)) == 2 ? TrackMode.Mode2 : TrackMode.Mode1;
        DiscBuilder builder = new(Id, isWhole || count < MaxCdSectors ? DiscMedium.Cd : DiscMedium.Dvd);
        builder.Add(
            new DiscTrack(1, 1, mode) { Control = 4 },
            [StoredSector.OfLength(size)!.Value.Run(0, count, content, HeaderLength)],
            HeaderLength);
        return DiscImage.Create(
            Info, builder.Build(), ["its table of tracks is not documented: all sectors are taken for one track"]);
    }

    // The next sector tells how much subchannel there is between.
    private static int FindLength(BlockSource content)
    {
        Span<byte> sync = stackalloc byte[12];
        foreach (int size in (ReadOnlySpan<int>)[2352, 2368, 2448])
        {
            if (content.ReadUpTo(HeaderLength + size, sync) == sync.Length && RawSector.HasSync(sync))
            {
                return size;
            }
        }

        return SectorLayouts.RawLength;
    }
}
