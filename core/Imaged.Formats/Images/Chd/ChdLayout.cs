using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Images.Chd;

/// <summary>Makes the disc of the tracks.</summary>
internal static class ChdLayout
{
    private const int FirstHighDensityTrack = 3;

    /// <summary>The disc.</summary>
    /// <param name="hunks">All hunks.</param>
    /// <param name="tracks">Its tracks.</param>
    /// <param name="isGdRom">Whether it is a GD-ROM.</param>
    /// <param name="warnings">Takes harmless oddities.</param>
    /// <exception cref="ImageFormatException">A track lies outside of the image.</exception>
    public static Disc Build(
        BlockSource hunks, ImmutableArray<ChdTrack> tracks, bool isGdRom, List<string> warnings)
    {
        DiscBuilder builder = new(ChdFormat.Id, isGdRom ? DiscMedium.GdRom : DiscMedium.Cd);
        long frame = 0;
        long lba = 0;
        foreach (ChdTrack track in tracks)
        {
            if (track.Frames <= track.Padding)
            {
                warnings.Add($"track {track.Number} has no sectors");
                frame += track.StoredFrames;
                lba += track.Frames;
                continue;
            }

            long first = builder.Count == 0 ? FirstLba(hunks, track, frame) : lba;
            Add(builder, hunks, track, frame, first, isGdRom, warnings);
            frame += track.StoredFrames;
            lba = builder.EndLba + track.Padding;
        }

        return builder.Build();
    }

    /// <summary>The disc of a DVD.</summary>
    /// <param name="content">Its bytes.</param>
    public static Disc BuildDvd(BlockSource content)
    {
        DiscBuilder builder = new(ChdFormat.Id, DiscMedium.Dvd);
        long count = content.Length / SectorLayouts.DataLength;
        builder.Add(
            new DiscTrack(1, 1, TrackMode.Mode1) { Control = 4 },
            count == 0 ? [] : [SectorRun.Stored(0, count, content, 0, SectorLayout.Data2048)],
            0);
        return builder.Build();
    }

    private static void Add(
        DiscBuilder builder,
        BlockSource hunks,
        ChdTrack track,
        long frame,
        long first,
        bool isGdRom,
        List<string> warnings)
    {
        int count = track.Frames - track.Padding;
        bool isStored = track.IsPregapStored;
        if (isStored && track.Pregap >= count)
        {
            warnings.Add(
                $"track {track.Number} has {count} sectors, no more than its pregap: it is taken to have none");
        }

        long pregap = isStored && track.Pregap >= count ? 0 : track.Pregap;
        List<SectorRun> runs = [];
        if (!isStored && pregap > 0)
        {
            // The two seconds before track 1 are on every disc, and no part of the addresses.
            pregap = builder.Count == 0 && pregap <= DiscBuilder.FirstPregap ? 0 : pregap;
            if (pregap > 0)
            {
                runs.Add(SectorRun.Empty(first, pregap));
            }
        }

        runs.Add(Stored(hunks, track, frame, first + (isStored ? 0 : pregap), count));
        if (track.Postgap > 0)
        {
            runs.Add(SectorRun.Empty(runs[^1].EndLba, track.Postgap));
        }

        builder.Add(
            new DiscTrack(track.Number, isGdRom && track.Number >= FirstHighDensityTrack ? 2 : 1, track.Mode)
            {
                StartLba = first + pregap,
                Control = track.Mode == TrackMode.Audio ? 0 : 4,
            },
            runs,
            track.Offset);
    }

    // A frame has 2352 bytes for the sector, however many it fills, and then its subchannel.
    private static SectorRun Stored(BlockSource hunks, ChdTrack track, long frame, long lba, int count)
    {
        bool hasSubchannel = track.Subchannel != SubchannelLayout.None;
        long offset = frame * ChdFrames.Length;
        return new SectorRun(lba, count)
        {
            Main = hunks,
            MainOffset = offset,
            Stride = ChdFrames.Length,
            Layout = track.Layout,
            IsBigEndian = track.Mode == TrackMode.Audio && !track.IsLittleEndian,
            Subchannel = track.Subchannel,
            Sub = hasSubchannel ? hunks : null,
            SubOffset = offset + RawSector.Length,
            SubStride = ChdFrames.Length,
        };
    }

    // Of a data track, index 1 of track 1 is sector 0: what is stored of its pregap stands before it. Only headers know
    // better. Of sound the stored pregap begins at sector 0, as what it was made of is longer than the two seconds.
    private static long FirstLba(BlockSource hunks, ChdTrack track, long frame)
    {
        if (!track.IsPregapStored || track.Mode == TrackMode.Audio)
        {
            return 0;
        }

        byte[] sector = new byte[RawSector.Length];
        long at = frame * ChdFrames.Length;
        if (track.Layout == SectorLayout.Raw2352 && hunks.ReadUpTo(at, sector) == sector.Length
            && RawDetector.AddressOf(sector, isScrambled: false) is { } told)
        {
            return told is >= -DiscBuilder.FirstPregap and < 0 ? told : 0;
        }

        return track.Pregap <= DiscBuilder.FirstPregap ? -track.Pregap : 0;
    }
}
