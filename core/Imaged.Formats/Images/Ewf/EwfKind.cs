namespace Imaged.Formats.Images.Ewf;

/// <summary>What the first eight bytes of a file say.</summary>
internal enum EwfKind
{
    /// <summary>No file of the family.</summary>
    None,

    /// <summary>A disk: E01, s01.</summary>
    First,

    /// <summary>A disk: Ex01.</summary>
    Second,

    /// <summary>Files without a disk: L01, Lx01.</summary>
    Logical,
}
