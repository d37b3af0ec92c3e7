using System.Collections.Immutable;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.CdText;

namespace Imaged.Formats.Optical.Cue;

/// <summary>Lays the tracks of a cue sheet out on a disc. Times of a sheet count sectors from the beginning of a file;
/// gaps that are in no file, and those between sessions, are told or follow from the standard.</summary>
/// <param name="sheet">The sheet.</param>
/// <param name="files">Opens its files.</param>
/// <param name="warnings">Takes harmless oddities.</param>
internal sealed class CueLayout(CueSheet sheet, CueFiles files, List<string> warnings)
{
    // Where the area of high density of a GD-ROM begins.
    private const long HighDensityLba = 45000;

    // The largest gap between sessions that a sector header is believed.
    private const long MaxSessionGap = 100_000;

    private readonly Dictionary<CueTrack, TrackPieces> _pieces = [];

    /// <summary>The disc.</summary>
    /// <exception cref="ImageFormatException">A file is missing or shorter than its tracks.</exception>
    public Disc Build()
    {
        foreach (CueTrack track in sheet.Tracks)
        {
            _pieces.Add(track, new(track));
        }

        for (int i = 0; i < sheet.Files.Count; i++)
        {
            LayFile(i);
        }

        (Dictionary<int, DiscText> words, ImmutableArray<byte> packs) = ReadPacks();
        DiscBuilder builder = new(CueFormat.Info.Id, sheet.Medium)
        {
            CatalogNumber = sheet.CatalogNumber,
            Text = Merge(sheet.Text, words, 0),
            TextPacks = packs,
        };
        CueTrack? before = null;
        foreach (CueTrack track in sheet.Tracks)
        {
            TrackPieces pieces = _pieces[track];
            pieces.Close();
            long first = FirstLba(builder.EndLba, before, track);
            builder.Add(
                new DiscTrack(track.Number, track.Session, pieces.Mode)
                {
                    StartLba = first + pieces.IndexAt(1),
                    FurtherIndexes = [.. track.Indexes.Where(index => index.Number > 1)
                        .Select(index => first + pieces.IndexAt(index.Number))],
                    Control = track.Control | (pieces.Mode == TrackMode.Audio ? 0 : 4),
                    Isrc = track.Isrc,
                    Text = Merge(track.Text, words, track.Number),
                },
                pieces.Runs(first),
                track.Offset);
            before = track;
        }

        return builder.Build();
    }

    // What stands in one file, track by track; the size of a sector may change with every track.
    private void LayFile(int number)
    {
        CueIndex[] FirstOf(CueTrack track) => [.. track.Indexes.Where(index => index.File == number).Take(1)];
        (CueTrack Track, CueIndex First)[] inside =
            [.. sheet.Tracks.SelectMany(track => FirstOf(track).Select(first => (track, first)))];
        CueFile file = sheet.Files[number];
        if (inside.Length == 0)
        {
            warnings.Add($"no track is in '{file.Name}'");
            return;
        }

        CueData data = files.Open(file);
        long cursor = 0;
        for (int i = 0; i < inside.Length; i++)
        {
            (CueTrack track, CueIndex first) = inside[i];
            TrackPieces pieces = _pieces[track];
            long begin = i == 0 ? 0 : first.Frames;
            pieces.Decide(data, cursor, begin, inside.Length == 1, warnings);
            int stride = pieces.Stored.Length;
            bool isLast = i == inside.Length - 1;
            long count = isLast ? (data.Source.Length - cursor) / stride : inside[i + 1].First.Frames - begin;
            if (isLast && track.LeadOut is { } end && end > first.Frames)
            {
                count = Math.Min(count, end - begin);
            }
            else if (isLast && (data.Source.Length - cursor) % stride is var rest and > 0)
            {
                warnings.Add($"the last {rest} bytes of '{file.Name}' are less than a sector of {stride}");
            }

            long gap = 0;
            if (!isLast && track.LeadOut is { } leadOut && leadOut > first.Frames
                && leadOut < inside[i + 1].First.Frames && inside[i + 1].Track.Session > track.Session)
            {
                gap = inside[i + 1].First.Frames - leadOut;
                count -= gap;
                pieces.GapBehind = gap;
                gap = IsStored(gap, cursor + (count * stride), stride, inside[(i + 1)..], data) ? gap : 0;
            }

            if (count <= 0 || cursor > data.Source.Length - (count * stride))
            {
                ImageFormatException.Throw(
                    CueFormat.Info.Id,
                    first.Offset,
                    $"track {track.Number} needs {cursor + (count * stride)} bytes of '{file.Name}', "
                    + $"which has {data.Source.Length}");
            }

            pieces.Add(data, number, begin, cursor, count);
            cursor += (count + gap) * stride;
        }
    }

    // Some programs write sheets whose times run on through the gap between sessions, with and without it in the file.
    private static bool IsStored(
        long gap, long cursor, int stride, ReadOnlySpan<(CueTrack Track, CueIndex First)> behind, CueData data)
    {
        long needed = cursor + (gap * stride);
        for (int i = 0; i < behind.Length; i++)
        {
            long count = i == behind.Length - 1 ? 1 : behind[i + 1].First.Frames - behind[i].First.Frames;
            needed += count * behind[i].Track.Stored.Length;
        }

        return needed <= data.Source.Length;
    }

    // The address of index 0. Sector headers know best where a session lies; without them the standard does.
    private long FirstLba(long end, CueTrack? before, CueTrack track)
    {
        TrackPieces pieces = _pieces[track];
        long start = pieces.IndexAt(1);
        long? told = pieces.HeaderLba is { } lba ? lba - start : null;
        if (before is null)
        {
            // The two seconds before track 1 are in the file when its header says so.
            return told is >= -DiscBuilder.FirstPregap and < 0 ? told.Value : 0;
        }

        if (track.Session == before.Session)
        {
            return end;
        }

        if (track.BeginsHighDensity && HighDensityLba - start >= end)
        {
            return HighDensityLba - start;
        }

        if (told >= end && told <= end + MaxSessionGap)
        {
            return told.Value;
        }

        return end + (_pieces[before].GapBehind
            ?? DiscBuilder.SessionGap(before.Session) + (start > 0 ? 0 : DiscBuilder.FirstPregap));
    }

    private (Dictionary<int, DiscText> Words, ImmutableArray<byte> Packs) ReadPacks()
    {
        if (sheet.TextFile is not { } file)
        {
            return ([], []);
        }

        if (files.OpenText(file.Name, file.Offset) is not { } source)
        {
            warnings.Add($"the CD-Text file '{file.Name}' does not lie beside it");
            return ([], []);
        }

        const int MaxLength = (CdTextPacks.MaxPacks * CdTextPacks.PackLength) + 5;
        ImmutableArray<byte> packs =
            source.Length > MaxLength ? [] : CdTextPacks.OfFile(source.ReadBytes(0, (int)source.Length));
        if (packs.IsEmpty)
        {
            warnings.Add($"the CD-Text file '{file.Name}' holds no packs");
        }

        return (CdTextPacks.Decode(packs.AsSpan()), packs);
    }

    private static DiscText Merge(DiscText sheetText, Dictionary<int, DiscText> words, int track)
    {
        DiscText packed = words.GetValueOrDefault(track, DiscText.None);
        return new(
            sheetText.Title ?? packed.Title,
            sheetText.Performer ?? packed.Performer,
            sheetText.Songwriter ?? packed.Songwriter);
    }
}
