using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Bin;

/// <summary>Sectors of a compact disc as a drive gives them, without any header and without a descriptor beside them:
/// <c>.bin</c>, <c>.img</c>, a <c>.mdf</c> that lost its <c>.mds</c>.</summary>
internal sealed class BinFormat : IImageFormat
{
    // Above it a lone file of sound would be longer than any disc; and so much is looked at for sync patterns.
    private const long MaxAudioLength = 512L << 20;
    private const int AudioProbeLength = 1 << 20;

    public static FormatInfo Info { get; } =
        new("bin", "raw CD sectors", [".bin", ".img", ".mdf", ".raw"], FormatCaps.Read);

    public static Match Probe(ProbeWindow window) =>
        RawDetector.MayBe(window.Head, window.Length) || window.HasExtension(Info.Extensions) ? Match.Weak : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource source = opener.Content;
        RawLayout? layout = RawDetector.Find(source);
        return layout switch
        {
            null when IsAudio(source) => OpenAudio(source),
            null =>
                throw new ImageFormatException(Info.Id, 0, "there is no sync pattern and no volume descriptor of a CD"),
            { IsPlain: true } => throw new ImageFormatException(
                Info.Id, 0, "it holds plain blocks of 2048 bytes, which is a raw image"),
            _ => OpenData(source, layout),
        };
    }

    // Sound has no structure at all. Sizes that are not those of a disk's blocks are the only hint.
    private static bool IsAudio(BlockSource source) =>
        source.Length is > 0 and < MaxAudioLength && source.Length % RawSector.Length == 0 && source.Length % 512 != 0
        && source.ReadBytes(0, (int)Math.Min(source.Length, AudioProbeLength)).AsSpan().IndexOf(RawSector.Sync) < 0;

    private static DiskImage OpenAudio(BlockSource source)
    {
        DiscBuilder builder = new(Info.Id, DiscMedium.Cd);
        SectorRun run = SectorRun.Stored(0, source.Length / RawSector.Length, source, 0, SectorLayout.Raw2352);
        builder.Add(new DiscTrack(1, 1, TrackMode.Audio), [run], 0);
        return DiscImage.Create(
            Info,
            builder.Build(),
            ["nothing tells what the file holds: it is taken for sound"],
            [new("Sectors", "2352 bytes")]);
    }

    private static DiskImage OpenData(BlockSource source, RawLayout layout)
    {
        List<string> warnings = [];
        int stride = layout.Stored.Length;
        long total = (source.Length - layout.Offset) / stride;
        long rest = (source.Length - layout.Offset) % stride;
        if (total == 0)
        {
            ImageFormatException.Throw(Info.Id, 0, $"{source.Length} bytes are less than a sector of {stride}");
        }

        if (rest != 0)
        {
            warnings.Add($"the last {rest} bytes are less than a sector of {stride} and are left out");
        }

        long data = layout.Stored.Layout == SectorLayout.Raw2352 ? CountData(source, layout, total) : total;
        DiscBuilder builder = new(Info.Id, DiscMedium.Cd);
        SectorRun run = layout.Stored.Run(layout.FirstLba, data, source, layout.Offset) with
        {
            IsScrambled = layout.IsScrambled,
        };
        bool hasPregap = layout.FirstLba < 0 && run.EndLba > 0;
        builder.Add(
            new DiscTrack(1, 1, layout.Mode) { StartLba = hasPregap ? 0 : layout.FirstLba, Control = 4 },
            [run],
            layout.Offset);
        if (data < total)
        {
            SectorRun sound = layout.Stored.Run(run.EndLba, total - data, source, layout.Offset + (data * stride));
            builder.Add(new DiscTrack(2, 1, TrackMode.Audio) { StartLba = run.EndLba }, [sound], layout.Offset);
            warnings.Add($"there is no data from sector {run.EndLba} on: it is taken for sound");
        }

        return DiscImage.Create(Info, builder.Build(), warnings, Describe(layout));
    }

    // Data before sound is the order of every disc that has both in one session, so halving finds where it ends.
    // Sectors that could not be read are zero.
    private static long CountData(BlockSource source, RawLayout layout, long total)
    {
        byte[] sector = new byte[RawSector.Length];
        bool IsData(long index)
        {
            source.Read(layout.Offset + (index * layout.Stored.Length), sector);
            return RawSector.HasSync(sector);
        }

        source.Read(layout.Offset + ((total - 1) * layout.Stored.Length), sector);
        if (RawSector.HasSync(sector) || !sector.AsSpan().ContainsAnyExcept((byte)0))
        {
            return total;
        }

        long low = 0;
        long high = total - 1;
        while (low < high)
        {
            long middle = (low + high) / 2;
            if (IsData(middle))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        // One damaged sector at the end is no track.
        return low > 0 && total - low > DiscBuilder.FirstPregap ? low : total;
    }

    private static IEnumerable<KeyValuePair<string, string>> Describe(RawLayout layout)
    {
        yield return new("Sectors", string.Create(CultureInfo.InvariantCulture, $"{layout.Stored.Length} bytes"));
        if (layout.IsScrambled)
        {
            yield return new("Scrambled", "yes");
        }

        if (layout.Offset != 0)
        {
            yield return new("First sector at byte", layout.Offset.ToString(CultureInfo.InvariantCulture));
        }
    }
}
