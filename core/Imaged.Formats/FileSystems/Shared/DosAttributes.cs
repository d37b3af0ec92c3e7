namespace Imaged.Formats.Shared;

/// <summary>Attributes of a file, as DOS and Windows keep them; FAT and exFAT know those of the lowest byte only.
/// </summary>
[Flags]
internal enum DosAttributes : uint
{
    None = 0,
    ReadOnly = 0x01,
    Hidden = 0x02,
    System = 0x04,
    Label = 0x08,
    Directory = 0x10,
    Archive = 0x20,

    /// <summary>Something else than its data says what the file is.</summary>
    ReparsePoint = 0x400,

    /// <summary>The content is not in this volume.</summary>
    Offline = 0x1000,

    /// <summary>The content is fetched from elsewhere when it is read.</summary>
    RecallOnDataAccess = 0x0040_0000,

    /// <summary>In the entries of NTFS's directories: it is a directory.</summary>
    IndexedDirectory = 0x1000_0000,
}
