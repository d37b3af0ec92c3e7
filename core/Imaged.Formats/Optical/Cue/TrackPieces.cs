using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Cue;

/// <summary>Where the sectors of one track of a cue sheet are: pieces of one file or of two, and gaps that are in
/// none.</summary>
/// <param name="track">The track.</param>
internal sealed class TrackPieces(CueTrack track)
{
    private readonly List<Piece> _pieces = [];
    private long _length = track.Pregap;

    /// <summary>Kind of the track, as its sectors say.</summary>
    public TrackMode Mode { get; private set; } = track.Mode;

    /// <summary>How its sectors are stored, as they say themselves.</summary>
    public StoredSector Stored { get; private set; } = track.Stored;

    /// <summary>Sectors between it and the next session; null when that is not said.</summary>
    public long? GapBehind { get; set; }

    /// <summary>Address of index 1 by the headers of its sectors; null when they have none.</summary>
    public long? HeaderLba { get; private set; }

    /// <summary>Finds out what the sectors are, whatever the sheet says: sheets are often made or changed by
    /// hand.</summary>
    /// <param name="data">The file in which the track goes on.</param>
    /// <param name="offset">Byte offset of its first sector there.</param>
    /// <param name="begin">Time of that sector, in sectors.</param>
    /// <param name="isAlone">Whether it is the only track in the file.</param>
    /// <param name="warnings">Takes the difference.</param>
    public void Decide(CueData data, long offset, long begin, bool isAlone, List<string> warnings)
    {
        if (data.IsSound)
        {
            if (Mode != TrackMode.Audio)
            {
                warnings.Add($"track {track.Number} is said to be data, but its file is sound");
            }

            Mode = TrackMode.Audio;
            Stored = new(SectorLayout.Raw2352, SubchannelLayout.None);
            return;
        }

        if (_pieces.Count > 0)
        {
            return;
        }

        (TrackMode Mode, StoredSector Stored) told = (Mode, Stored);
        if (isAlone && offset == 0 && Mode != TrackMode.Audio)
        {
            // The whole file is one track: what stands in it decides everything.
            if (RawDetector.Find(data.Source) is { Offset: 0 } found
                && (found.Stored.Length != Stored.Length || found.Mode != Mode)
                && !(found.Stored.Layout == SectorLayout.Data2048 && Stored.Layout == SectorLayout.Data2048))
            {
                (Mode, Stored) = (found.Mode, found.Stored);
            }
        }
        else if (RawDetector.FindMode(data.Source, offset + (PregapIn(begin) * Stored.Length), RawStride) is { } mode)
        {
            Mode = mode;
            Stored = Stored.Layout == SectorLayout.Raw2352 ? Stored : new(SectorLayout.Raw2352, SubchannelLayout.None);
        }

        if (told != (Mode, Stored))
        {
            warnings.Add(
                $"track {track.Number} is said to be {Text(told)}, but its sectors are {Text((Mode, Stored))}");
        }
    }

    /// <summary>Adds a piece.</summary>
    /// <param name="data">The file.</param>
    /// <param name="file">Its number.</param>
    /// <param name="begin">Time of its first sector in the file, in sectors.</param>
    /// <param name="offset">Byte offset of its first sector.</param>
    /// <param name="count">Number of sectors.</param>
    public void Add(CueData data, int file, long begin, long offset, long count)
    {
        _pieces.Add(new(data, file, begin, offset, count, _length));
        _length += count;
    }

    /// <summary>Ends the track, when all of its files are known.</summary>
    public void Close()
    {
        _length += track.Postgap;
        CueIndex first = track.Indexes.First(index => index.Number == 1);
        if (Mode != TrackMode.Audio && Stored.Layout == SectorLayout.Raw2352
            && _pieces.Find(piece => piece.File == first.File) is { } body)
        {
            byte[] sector = new byte[16];
            long offset = body.Offset + ((first.Frames - body.Begin) * Stored.Length);
            if (offset >= 0 && body.Data.Source.ReadUpTo(offset, sector) == sector.Length)
            {
                HeaderLba = RawDetector.AddressOf(sector, isScrambled: false);
            }
        }
    }

    /// <summary>Sectors from the beginning of the track to an index of it.</summary>
    public long IndexAt(int number)
    {
        CueIndex index = track.Indexes.First(index => index.Number == number);
        Piece piece = _pieces.Find(piece => piece.File == index.File)
            ?? throw new ImageFormatException(CueFormat.Info.Id, index.Offset, $"index {number} is in no file");
        return piece.At + index.Frames - piece.Begin;
    }

    /// <summary>Its sectors.</summary>
    /// <param name="first">Address of the first one.</param>
    public List<SectorRun> Runs(long first)
    {
        List<SectorRun> runs = [];
        if (track.Pregap > 0)
        {
            runs.Add(SectorRun.Empty(first, track.Pregap));
        }

        foreach (Piece piece in _pieces)
        {
            runs.Add(Stored.Run(first + piece.At, piece.Count, piece.Data.Source, piece.Offset) with
            {
                IsBigEndian = piece.Data.IsBigEndian && Mode == TrackMode.Audio,
            });
        }

        if (track.Postgap > 0)
        {
            runs.Add(SectorRun.Empty(first + _length - track.Postgap, track.Postgap));
        }

        return runs;
    }

    private int RawStride => Stored.Layout == SectorLayout.Raw2352 ? Stored.Length : SectorLayouts.RawLength;

    // The pregap between data and sound begins in the mode of the track before: what counts is behind it.
    private long PregapIn(long begin)
    {
        CueIndex first = track.Indexes.First(index => index.Number == 1);
        return first.File == track.Indexes[0].File ? first.Frames - begin : 0;
    }

    private static string Text((TrackMode Mode, StoredSector Stored) kind) =>
        kind.Mode == TrackMode.Audio
            ? "sound"
            : FormattableString.Invariant($"{kind.Mode} of {kind.Stored.Length} bytes");

    private sealed record Piece(CueData Data, int File, long Begin, long Offset, long Count, long At);
}
