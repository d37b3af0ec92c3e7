namespace Imaged.Formats.Optical.BlindWrite;

/// <summary>A track, as a descriptor of version 4 has it.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Session">Number of its session.</param>
/// <param name="EntryOffset">Byte offset of the entry, for errors.</param>
internal sealed record B4Track(int Number, int Session, long EntryOffset)
{
    /// <summary>Name of its file; empty for the data file of the disc.</summary>
    public string FileName { get; init; } = string.Empty;

    /// <summary>Byte offset of index 1 in the file.</summary>
    public long Offset { get; init; }

    /// <summary>Control bits.</summary>
    public int Control { get; init; }

    /// <summary>First sector of index 0.</summary>
    public long PregapLba { get; init; }

    /// <summary>First sector of index 1.</summary>
    public long Lba { get; init; }

    /// <summary>Sector just behind it.</summary>
    public long EndLba { get; init; }

    /// <summary>Title; empty when there is none.</summary>
    public string Title { get; init; } = string.Empty;

    /// <summary>Performer; empty when there is none.</summary>
    public string Performer { get; init; } = string.Empty;

    /// <summary>International standard recording code, or anything else.</summary>
    public string Isrc { get; init; } = string.Empty;
}
