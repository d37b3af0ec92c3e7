using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Descriptors;
using Imaged.Formats.Optical.Sound;

namespace Imaged.Formats.Optical.Toc;

/// <summary>Puts the tracks of a TOC file together from parts of files and silence.</summary>
/// <param name="sheet">The file.</param>
/// <param name="files">What lies beside it.</param>
/// <param name="warnings">Takes harmless oddities.</param>
internal sealed class TocLayout(TocSheet sheet, CompanionFiles files, List<string> warnings)
{
    private static readonly string[] SoundExtensions = [".wav", ".mp3", ".ogg", ".flac"];
    private static readonly string[] DataExtensions = [".bin", ".img", ".raw"];

    private readonly List<IDisposable> _opened = [];

    /// <summary>What is to be disposed with the image.</summary>
    public IReadOnlyList<IDisposable> Opened => _opened;

    /// <summary>The disc.</summary>
    /// <exception cref="ImageFormatException">A file is missing, or shorter than a part of it.</exception>
    public Disc Build()
    {
        DiscBuilder builder =
            new(TocFormat.Info.Id, DiscMedium.Cd) { CatalogNumber = sheet.CatalogNumber, Text = sheet.Text };
        foreach (TocTrack track in sheet.Tracks)
        {
            Piece[] pieces = [.. track.Parts.Select(part => Open(track, part))];
            long first = builder.EndLba;
            int stride = track.Stored.Length;
            long before = pieces.Take(track.StartsBehind).Sum(piece => piece.Length);
            long start = first + (track.Start ?? ((before + stride - 1) / stride));
            builder.Add(
                new DiscTrack(track.Number, 1, track.Mode)
                {
                    StartLba = start,
                    FurtherIndexes = [.. track.Indexes.Select(index => start + index)],
                    Control = track.Control | (track.Mode == TrackMode.Audio ? 0 : 4),
                    Isrc = track.Isrc,
                    Text = track.Text,
                },
                Array.TrueForAll(pieces, piece => piece.Length % stride == 0)
                    ? [.. Runs(track, pieces, first)]
                    : [Joined(track, pieces, first)],
                track.Offset);
        }

        return builder.Build();
    }

    private static IEnumerable<SectorRun> Runs(TocTrack track, Piece[] pieces, long lba)
    {
        foreach (Piece piece in pieces.Where(piece => piece.Length > 0))
        {
            long count = piece.Length / track.Stored.Length;
            yield return piece.Source is null
                ? SectorRun.Empty(lba, count)
                : track.Stored.Run(lba, count, piece.Source, piece.Offset) with { IsBigEndian = piece.IsBigEndian };
            lba += count;
        }
    }

    // Parts need not end with a sector. What is missing of the last one is zero.
    private SectorRun Joined(TocTrack track, Piece[] pieces, long lba)
    {
        Piece[] stored = [.. pieces.Where(piece => piece.Source is not null)];
        if (stored.Select(piece => piece.IsBigEndian).Distinct().Count() > 1)
        {
            UnsupportedFeatureException.Throw(
                TocFormat.Info.Id,
                $"a track of parts in both byte orders that do not end with a sector (track {track.Number})");
        }

        int stride = track.Stored.Length;
        long length = pieces.Sum(piece => piece.Length);
        long missing = (stride - (length % stride)) % stride;
        ConcatSource joined = new(
            pieces.Append(new(null, 0, missing, false)).Select(piece => piece.Source is null
                ? (BlockSource)new ZeroSource(piece.Length)
                : new SliceSource(piece.Source, piece.Offset, piece.Length)),
            ownsParts: true);
        _opened.Add(joined);
        return track.Stored.Run(lba, joined.Length / stride, joined, 0) with
        {
            IsBigEndian = stored.Length > 0 && stored[0].IsBigEndian,
        };
    }

    private Piece Open(TocTrack track, TocPart part)
    {
        if (part.File is null)
        {
            return new(null, 0, part.Length ?? 0, false);
        }

        if (part.File == "-")
        {
            UnsupportedFeatureException.Throw(TocFormat.Info.Id, "a track from standard input");
        }

        (BlockSource source, string name) =
            files.Open(part.File, part.Offset, sheet.Tracks.Count == 1 && track.Parts.Count == 1 ? DataExtensions : []);
        bool isSound = track.Mode == TrackMode.Audio;
        bool isBigEndian = isSound;
        if (isSound && SoundExtensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase)
            && SoundFile.TryOpen(source, name, TocFormat.Info.Id, isSound: true) is { } sound)
        {
            source = sound.Samples;
            isBigEndian = sound.IsBigEndian;
            _opened.Add(source);
        }

        long available = source.Length - part.Begin;
        long length = part.Length ?? available;
        if (available <= 0 || length > available)
        {
            ImageFormatException.Throw(
                TocFormat.Info.Id,
                part.Offset,
                $"track {track.Number} needs bytes {part.Begin} to {part.Begin + Math.Max(length, 1)} of '{name}', "
                + $"which has {source.Length}");
        }

        if (part.Length is null && length % track.Stored.Length is var rest and > 0)
        {
            warnings.Add(
                $"'{name}' ends with {rest} bytes, less than a sector of {track.Stored.Length}: "
                + "the rest is taken for zero");
        }

        return new(source, part.Begin, length, isBigEndian != (part.IsSwapped && isSound));
    }

    private sealed record Piece(BlockSource? Source, long Offset, long Length, bool IsBigEndian);
}
