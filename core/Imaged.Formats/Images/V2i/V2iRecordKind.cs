namespace Imaged.Formats.Images.V2i;

/// <summary>How a record of the map tells which sectors are stored; the numbers are those of the file.</summary>
internal enum V2iRecordKind
{
    /// <summary>None is.</summary>
    None = 0,

    /// <summary>All are.</summary>
    All = 0x100,

    /// <summary>Those in a list of runs.</summary>
    Runs = 0x200,

    /// <summary>Those whose bits are set.</summary>
    Bits = 0x300,
}
