namespace Imaged.Formats.Optical.Nrg;

/// <summary>What the chunks of one session say.</summary>
internal sealed class NrgSession
{
    /// <summary>Its cue sheet; empty when it was written track at once.</summary>
    public List<NrgCue> Cues { get; private set; } = [];

    /// <summary>The same cue sheet with its times read as numbers instead of digits, where both are possible.</summary>
    public List<NrgCue> BinaryCues { get; } = [];

    /// <summary>Its tracks.</summary>
    public List<NrgTrack> Tracks { get; } = [];

    /// <summary>Whether it was written disc at once: pregaps are stored.</summary>
    public bool IsDiscAtOnce { get; set; }

    /// <summary>Number of the first track; 0 when the chunks do not say.</summary>
    public int FirstTrack { get; set; }

    /// <summary>Media catalogue number, or anything else.</summary>
    public string CatalogNumber { get; set; } = string.Empty;

    /// <summary>Decides how the times of the cue sheet are meant: of the two ways the one by which the disc is as long
    /// as its stored sectors; digits if that tells nothing.</summary>
    public void ChooseCues()
    {
        ulong sectors = 0;
        foreach (NrgTrack track in Tracks.Where(track => track.SectorSize > 0 && track.End > track.Index0))
        {
            sectors += (track.End - track.Index0) / (ulong)track.SectorSize;
        }

        if (Spans(BinaryCues, sectors) && !Spans(Cues, sectors))
        {
            Cues = BinaryCues;
        }
    }

    private static bool Spans(List<NrgCue> cues, ulong sectors) =>
        cues.FindIndex(cue => cue.Track is > 0 and < NrgCue.LeadOut) is var first and >= 0
        && cues[^1].Lba - cues[first].Lba == (long)Math.Min(sectors, long.MaxValue);
}
