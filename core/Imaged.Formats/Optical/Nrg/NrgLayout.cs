using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.CdText;

namespace Imaged.Formats.Optical.Nrg;

/// <summary>Makes the disc of what the chunks say.</summary>
internal sealed class NrgLayout
{
    private const string Format = NrgFormat.Id;

    // MTYP: kinds of CDs, of DVDs and HD DVDs, and of Blu-ray discs.
    private const uint CdFlags = 0x401;
    private const uint DvdFlags = 0xC021C;
    private const uint HdDvdFlags = 0x3800000;
    private const uint BdFlags = 0x700000;

    // No CD has so many sectors of 2048 bytes.
    private const long MaxCdLength = 900L << 20;
    private const int DescriptorSector = 16;

    private readonly BlockSource _content;
    private readonly NrgChunks _chunks;
    private readonly DiscMedium _medium;
    private readonly Dictionary<int, DiscText> _text;
    private readonly DiscBuilder _builder;

    private NrgLayout(BlockSource content, NrgChunks chunks)
    {
        _content = content;
        _chunks = chunks;
        _medium = MediumOf(content, chunks);
        _text = CdTextPacks.Decode(chunks.TextPacks.AsSpan());
        _builder =
            new(Format, _medium) { TextPacks = chunks.TextPacks, Text = _text.GetValueOrDefault(0, DiscText.None) };
    }

    /// <summary>The disc.</summary>
    /// <param name="content">The image up to its chunks: what tracks may lie in.</param>
    /// <param name="chunks">Its chunks; warnings are added.</param>
    public static Disc Build(BlockSource content, NrgChunks chunks)
    {
        NrgLayout layout = new(content, chunks);
        for (int i = 0; i < chunks.Sessions.Count; i++)
        {
            layout.AddSession(chunks.Sessions[i], i + 1);
        }

        return layout._builder.Build();
    }

    private static DiscMedium MediumOf(BlockSource content, NrgChunks chunks)
    {
        uint flags = chunks.MediumFlags;
        if ((flags & CdFlags) != 0)
        {
            return DiscMedium.Cd;
        }

        if ((flags & (DvdFlags | HdDvdFlags)) != 0)
        {
            return DiscMedium.Dvd;
        }

        if ((flags & BdFlags) != 0)
        {
            return DiscMedium.Bd;
        }

        bool isCooked = chunks.Sessions.All(session => session.Tracks.All(track => track.Mode == 0));
        return isCooked && content.Length > MaxCdLength ? DiscMedium.Dvd : DiscMedium.Cd;
    }

    private void AddSession(NrgSession session, int number)
    {
        if (session.IsDiscAtOnce)
        {
            _builder.CatalogNumber ??= session.CatalogNumber;
        }

        int first = session.FirstTrack > _builder.LastNumber ? session.FirstTrack : _builder.LastNumber + 1;
        for (int i = 0; i < session.Tracks.Count; i++)
        {
            NrgTrack track = Repair(session, session.Tracks[i], number);
            Check(track);
            if (session.IsDiscAtOnce)
            {
                AddDiscAtOnce(session, track, first + i, number);
            }
            else
            {
                AddTrackAtOnce(track, first + i, number, i == 0);
            }
        }
    }

    private void Check(NrgTrack track)
    {
        ulong length = (ulong)_content.Length;
        if (track.Index0 > track.Index1 || track.Index1 >= track.End || track.End > length)
        {
            ImageFormatException.Throw(
                Format,
                track.EntryOffset,
                $"a track has its indexes at bytes {track.Index0} and {track.Index1} and its end at {track.End}: "
                + "they are out of "
                + $"order or behind the end of the tracks at {length}");
        }
    }

    // MagicISO writes the only track of a DVD with offsets behind the end of the data.
    private NrgTrack Repair(NrgSession session, NrgTrack track, int number)
    {
        bool isAlone = _chunks.Sessions.Count == 1 && session.Tracks.Count == 1 && number == 1;
        int size = track.SectorSize;
        if (!isAlone
            || track.End <= (ulong)_content.Length
            || size != SectorLayouts.DataLength
            || _content.Length % size != 0)
        {
            return track;
        }

        bool hasPregap = HasDescriptor(DiscBuilder.FirstPregap + DescriptorSector) && !HasDescriptor(DescriptorSector);
        if (!hasPregap && !HasDescriptor(DescriptorSector))
        {
            return track;
        }

        _chunks.Warnings.Add(
            $"the track ends at byte {track.End}, behind the end of the tracks: it is taken to be all there is");
        ulong begin = hasPregap ? (ulong)(DiscBuilder.FirstPregap * size) : 0;
        return track with { Index0 = 0, Index1 = begin, End = (ulong)_content.Length };
    }

    private bool HasDescriptor(int sector)
    {
        Span<byte> name = stackalloc byte[6];
        return _content.ReadUpTo((long)sector * SectorLayouts.DataLength, name) == name.Length
            && name[1..].SequenceEqual("CD001"u8);
    }

    private void AddDiscAtOnce(NrgSession session, NrgTrack track, int number, int sessionNumber)
    {
        NrgSector sector = NrgSector.Of(_content, track);
        int size = sector.Stored.Length;
        long count = (long)(track.End - track.Index1) / size;
        long stored = (long)(track.Index1 - track.Index0) / size;
        if (count == 0)
        {
            ImageFormatException.Throw(
                Format, track.EntryOffset, $"track {number} has no whole sector of {size} bytes");
        }

        List<NrgCue> cues = session.Cues.FindAll(cue => cue.Track == number);
        int cue1 = cues.FindIndex(cue => cue.Index == 1);
        int cue0 = cues.FindIndex(cue => cue.Index == 0);
        long gap = _builder.Count > 0 && sessionNumber > _builder.LastSession
            ? DiscBuilder.SessionGap(_builder.LastSession) : 0;
        long start = cue1 >= 0 ? cues[cue1].Lba : _builder.Count == 0 ? 0 : _builder.EndLba + gap + stored;

        // What is stored of a pregap stands right before index 1. It cannot reach into the track before: tables that
        // say so repeat the end of that track.
        long free = _builder.Count == 0 ? stored : start - _builder.EndLba;
        if (stored > free && free >= 0)
        {
            _chunks.Warnings.Add($"the pregap of track {number} overlaps the track before it");
            stored = free;
        }

        long pregap = Math.Max(stored, cue0 >= 0 ? Math.Min(start - cues[cue0].Lba, free) : 0);
        List<SectorRun> runs = [];
        if (pregap > stored && _builder.Count > 0)
        {
            runs.Add(SectorRun.Empty(start - pregap, pregap - stored));
        }

        runs.Add(sector.Stored.Run(start - stored, stored + count, _content, (long)track.Index1 - (stored * size)));
        _builder.Add(
            new DiscTrack(number, sessionNumber, sector.Mode)
            {
                StartLba = start,
                FurtherIndexes =
                [
                    .. cues.Where(cue => cue.Index > 1 && cue.Lba > start && cue.Lba < start + count)
                        .Select(cue => cue.Lba),
                ],
                Control = cue1 >= 0 ? cues[cue1].Control : ControlOf(sector.Mode),
                Isrc = track.Isrc,
                Text = _text.GetValueOrDefault(number, DiscText.None),
            },
            runs,
            track.EntryOffset);
    }

    // Pregaps of tracks written one at a time are not stored.
    private void AddTrackAtOnce(NrgTrack track, int number, int sessionNumber, bool isFirst)
    {
        NrgSector sector = NrgSector.Of(_content, track);
        long count = (long)(track.End - track.Index1) / sector.Stored.Length;
        long earliest = _builder.Count == 0 ? 0
            : _builder.EndLba + DiscBuilder.FirstPregap + (isFirst ? DiscBuilder.SessionGap(_builder.LastSession) : 0);
        long start = Math.Max(earliest, track.Lba ?? 0);
        if (_medium != DiscMedium.Cd)
        {
            start = Math.Max(_builder.EndLba, track.Lba ?? 0);
        }

        long pregap = isFirst ? DiscBuilder.FirstPregap : start - _builder.EndLba;
        List<SectorRun> runs = [];
        if (_builder.Count > 0 && _medium == DiscMedium.Cd && pregap > 0)
        {
            runs.Add(SectorRun.Empty(start - pregap, pregap));
        }

        runs.Add(sector.Stored.Run(start, count, _content, (long)track.Index1));
        _builder.Add(
            new DiscTrack(number, sessionNumber, sector.Mode)
            {
                StartLba = start,
                Control = ControlOf(sector.Mode),
                Text = _text.GetValueOrDefault(number, DiscText.None),
            },
            runs,
            track.EntryOffset);
    }

    private static int ControlOf(TrackMode mode) => mode == TrackMode.Audio ? 0 : 4;
}
