using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.CdText;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Ccd;

/// <summary>Finds the sectors of the tracks in the image: it has those of session 1 from sector 0 on, and behind them
/// those of the next session, without what lies between.</summary>
/// <param name="sheet">The control file.</param>
/// <param name="image">The image.</param>
/// <param name="subchannel">The subchannels; null when there are none.</param>
/// <param name="warnings">Takes harmless oddities.</param>
internal sealed class CcdLayout(CcdSheet sheet, BlockSource image, BlockSource? subchannel, List<string> warnings)
{
    private const int SectorLength = SectorLayouts.RawLength;

    // A track that was written at once ends in two sectors that cannot be read, and programs leave more out.
    private const long MaxMissing = 150;

    private readonly long _stored = image.Length / SectorLength;

    /// <summary>The disc.</summary>
    /// <exception cref="ImageFormatException">The control file contradicts itself, or the image ends too
    /// early.</exception>
    public Disc Build()
    {
        if (image.Length % SectorLength is var rest and > 0)
        {
            warnings.Add($"the last {rest} bytes of the image are less than a sector of {SectorLength}");
        }

        Dictionary<int, DiscText> words = CdTextPacks.Decode(sheet.TextPacks.AsSpan());
        DiscBuilder builder = new(CcdFormat.Info.Id, DiscMedium.Cd)
        {
            CatalogNumber = sheet.CatalogNumber,
            TextPacks = sheet.TextPacks,
            Text = words.GetValueOrDefault(0, DiscText.None),
        };
        long position = 0;
        IGrouping<int, CcdTrack>[] sessions = [.. sheet.Tracks.GroupBy(track => track.Session)];
        for (int i = 0; i < sessions.Length; i++)
        {
            CcdTrack[] tracks = [.. sessions[i]];
            long leadOut = LeadOutOf(sessions[i].Key, i == sessions.Length - 1, position, tracks[^1]);
            long first = i == 0
                ? Math.Min(tracks[0].StartLba, 0)
                : tracks[0].StartLba - StoredPregap(tracks[0], leadOut, position, sessions[(i + 1)..]);
            for (int j = 0; j < tracks.Length; j++)
            {
                CcdTrack track = tracks[j];
                long end = j == tracks.Length - 1 ? leadOut : tracks[j + 1].StartLba - tracks[j + 1].Pregap;
                bool isLast = i == sessions.Length - 1 && j == tracks.Length - 1;
                end = first + Available(track, first, end, position, isLast);
                Add(builder, track, first, end, position, words);
                position += end - first;
                first = end;
            }
        }

        return builder.Build();
    }

    // Some programs leave the lead-out of the last session out: then it is where the image ends.
    private long LeadOutOf(int session, bool isLast, long position, CcdTrack last)
    {
        if (sheet.LeadOuts.TryGetValue(session, out long leadOut))
        {
            return leadOut;
        }

        if (!isLast || session != 1)
        {
            ImageFormatException.Throw(CcdFormat.Info.Id, 0, $"session {session} has no lead-out (point 0xa2)");
        }

        warnings.Add("there is no lead-out: the last track ends with the image");
        return Math.Max(_stored - position, last.StartLba + 1);
    }

    // Programs differ in whether a later session begins with its pregap. The header of a sector tells; without one what
    // the control file says, if the size of the image agrees.
    private long StoredPregap(
        CcdTrack track, long leadOut, long position, ReadOnlySpan<IGrouping<int, CcdTrack>> later)
    {
        byte[] sector = new byte[16];
        foreach (long pregap in (long[])[track.Pregap, 0, DiscBuilder.FirstPregap])
        {
            long offset = (position + pregap) * SectorLength;
            if (offset <= image.Length && image.ReadUpTo(offset, sector) == sector.Length
                && (RawDetector.AddressOf(sector, false) ?? RawDetector.AddressOf(sector, true)) == track.StartLba)
            {
                return pregap;
            }
        }

        long rest = _stored - position - (leadOut - track.StartLba);
        return later.IsEmpty && rest is 0 or DiscBuilder.FirstPregap ? rest : track.Pregap;
    }

    private long Available(CcdTrack track, long first, long end, long position, bool isLast)
    {
        long count = end - first;
        long missing = position + count - _stored;
        if (missing > 0 && isLast && missing <= MaxMissing && missing < end - track.StartLba)
        {
            warnings.Add($"the last {missing} sectors of track {track.Number} are not in the image");
            return count - missing;
        }

        if (missing > 0)
        {
            ImageFormatException.Throw(
                CcdFormat.Info.Id,
                0,
                $"track {track.Number} needs {position + count} sectors of the image, which has {_stored}");
        }

        return count;
    }

    private void Add(
        DiscBuilder builder, CcdTrack track, long first, long end, long position, Dictionary<int, DiscText> words)
    {
        TrackMode mode = track.Mode;
        long body = (position + track.StartLba - first) * SectorLength;
        TrackMode? found = body < 0 ? null : RawDetector.FindMode(image, body, SectorLength);
        if (found is { } real && real != mode)
        {
            warnings.Add($"track {track.Number} is said to be {mode}, but its sectors are {real}");
            mode = real;
        }
        else if (found is null && mode != TrackMode.Audio && IsSound(body))
        {
            warnings.Add(
                $"track {track.Number} is said to be {mode}, but its sectors have no sync pattern: "
                + "it is taken for sound");
            mode = TrackMode.Audio;
        }

        bool isScrambled = mode != TrackMode.Audio && IsScrambled(body);
        ImmutableArray<SectorRun> runs = end <= first
            ? []
            : [.. Runs(first, end - first, position).Select(run => run with { IsScrambled = isScrambled })];
        builder.Add(
            new DiscTrack(track.Number, track.Session, mode)
            {
                StartLba = track.StartLba,
                FurtherIndexes = track.FurtherIndexes,
                Control = (track.Control & ~4) | (mode == TrackMode.Audio ? 0 : 4),
                Isrc = track.Isrc,
                Text = words.GetValueOrDefault(track.Number, DiscText.None),
            },
            runs,
            0);
    }

    // Subchannels that are missing at the end are as if there were none.
    private IEnumerable<SectorRun> Runs(long first, long count, long position)
    {
        const int SubLength = SectorLayouts.SubchannelLength;
        SectorRun all = SectorRun.Stored(first, count, image, position * SectorLength, SectorLayout.Raw2352);
        long withSub = subchannel is null ? 0 : Math.Clamp((subchannel.Length / SubLength) - position, 0, count);
        if (withSub > 0)
        {
            yield return all with
            {
                Count = withSub,
                Sub = subchannel,
                Subchannel = SubchannelLayout.Linear,
                SubOffset = position * SubLength,
                SubStride = SubLength,
            };
        }

        if (withSub < count)
        {
            yield return all with
            {
                Lba = first + withSub,
                Count = count - withSub,
                MainOffset = (position + withSub) * SectorLength,
            };
        }
    }

    // Sectors that could not be read are zero, which is not sound.
    private bool IsSound(long offset)
    {
        const int ProbeSectors = 32;
        byte[] head = new byte[ProbeSectors * SectorLength];
        int count = offset > image.Length ? 0 : image.ReadUpTo(offset, head);
        Span<byte> probe = head.AsSpan(0, count);
        return probe.IndexOf(RawSector.Sync) < 0 && probe.ContainsAnyExcept((byte)0);
    }

    // The flag is believed when the sectors themselves do not tell.
    private bool IsScrambled(long offset)
    {
        byte[] sector = new byte[16];
        if (offset < 0 || offset > image.Length || image.ReadUpTo(offset, sector) < sector.Length)
        {
            return sheet.IsScrambled;
        }

        bool isPlain = RawDetector.AddressOf(sector, isScrambled: false) is not null;
        bool isScrambled = RawDetector.AddressOf(sector, isScrambled: true) is not null;
        return isPlain == isScrambled ? sheet.IsScrambled : isScrambled;
    }
}
