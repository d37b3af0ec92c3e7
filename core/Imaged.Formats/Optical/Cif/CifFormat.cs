using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Cif;

/// <summary>Images of Easy CD Creator: a chain of RIFF chunks. One has the table of the disc, one says where the data
/// of its tracks are.</summary>
internal sealed class CifFormat : IImageFormat
{
    /// <summary>Id of the format.</summary>
    public const string Id = "cif";

    // Shorter tracks are padded to four seconds.
    private const int MinSectors = 300;

    public static FormatInfo Info { get; } = new(Id, "Easy CD Creator disc image", [".cif"], FormatCaps.Read);

    public static Match Probe(ProbeWindow window) =>
        window.Has(0, "RIFF"u8) && window.Has(8, "imag"u8) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        CifTable table = CifTable.Read(opener.Content);
        DiscBuilder builder = new(Id, DiscMedium.Cd);
        List<string> warnings = [];
        for (int i = 0; i < table.Tracks.Count; i++)
        {
            Add(builder, table.Tracks[i], table.Pieces[i], opener.Content, warnings);
        }

        return DiscImage.Create(Info, builder.Build(), warnings);
    }

    // Pregaps are not stored: two seconds before the first track of a session and where sound and data meet.
    private static void Add(
        DiscBuilder builder, CifTrack track, CifPiece piece, BlockSource content, List<string> warnings)
    {
        int number = builder.Count + 1;
        long end = builder.EndLba;
        bool isNewSession = builder.Count > 0 && track.Session > builder.LastSession;
        long pregap = builder.Count > 0 && (
            isNewSession || track.Mode != builder.LastMode) ? DiscBuilder.FirstPregap : 0;
        long start = end + pregap + (isNewSession ? DiscBuilder.SessionGap(builder.LastSession) : 0);
        int size = track.Stored.Length;
        long available = piece.Length / size;
        long count = Math.Min(track.Sectors, available);
        if (count < track.Sectors && (track.Sectors > MinSectors || count == 0))
        {
            ImageFormatException.Throw(
                Id,
                track.EntryOffset,
                $"track {number} has {track.Sectors} sectors of {size} bytes in {piece.Length} bytes");
        }

        List<SectorRun> runs = [];
        if (pregap > 0)
        {
            runs.Add(SectorRun.Empty(start - pregap, pregap));
        }

        runs.Add(track.Stored.Run(start, count, content, piece.Offset));
        if (count < MinSectors)
        {
            runs.Add(SectorRun.Empty(start + count, MinSectors - count));
            warnings.Add($"track {number} is padded from {count} to {MinSectors} sectors");
        }

        builder.Add(
            new DiscTrack(number, track.Session, track.Mode)
            {
                StartLba = start,
                Control = track.Mode == TrackMode.Audio ? 0 : 4,
                Isrc = track.Isrc,
            },
            runs,
            track.EntryOffset);
    }
}
