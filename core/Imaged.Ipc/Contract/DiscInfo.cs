namespace Imaged.Ipc.Contract;

/// <summary>Sessions and tracks of a disc. All text is raw.</summary>
public sealed record DiscInfo
{
    /// <summary><c>cd</c>, <c>dvd</c>, <c>bd</c> or <c>gdRom</c>.</summary>
    public string Medium { get; set; } = string.Empty;

    /// <summary>Media catalogue number.</summary>
    public string? CatalogNumber { get; set; }

    /// <summary>Title of the disc.</summary>
    public string? Title { get; set; }

    /// <summary>Who performs on it.</summary>
    public string? Performer { get; set; }

    /// <summary>The tracks of all sessions, in their order.</summary>
    public IReadOnlyList<DiscTrackInfo> Tracks { get; set; } = [];
}

/// <summary>A track of a disc. Sectors are counted from the first one behind the first two seconds.</summary>
public sealed record DiscTrackInfo
{
    /// <summary>Its number on the disc.</summary>
    public int Number { get; set; }

    /// <summary>Number of its session.</summary>
    public int Session { get; set; }

    /// <summary><c>audio</c>, <c>mode1</c> or <c>mode2</c>.</summary>
    public string Mode { get; set; } = string.Empty;

    /// <summary>Sectors before index 1.</summary>
    public long Pregap { get; set; }

    /// <summary>First sector of index 1.</summary>
    public long Start { get; set; }

    /// <summary>Sectors from index 1 to the end.</summary>
    public long Length { get; set; }

    /// <summary>Control bits of subchannel Q.</summary>
    public int Control { get; set; }

    /// <summary>Bytes that the image stores of a sector, without subchannel; 0 when none.</summary>
    public int StoredBytes { get; set; }

    /// <summary>Bytes of subchannel that the image stores of a sector.</summary>
    public int SubchannelBytes { get; set; }

    /// <summary>International standard recording code.</summary>
    public string? Isrc { get; set; }

    /// <summary>Title of the track.</summary>
    public string? Title { get; set; }

    /// <summary>Who performs it.</summary>
    public string? Performer { get; set; }
}
