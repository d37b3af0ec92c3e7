namespace Imaged.Formats.Images.Floppy;

/// <summary>What is known of a sector of a floppy disk besides its bytes.</summary>
[Flags]
internal enum FloppySectorState
{
    /// <summary>Nothing.</summary>
    Good = 0,

    /// <summary>Its address mark says that it is deleted.</summary>
    Deleted = 1,

    /// <summary>Its checksum was wrong when it was read, or is so in the image.</summary>
    Bad = 2,

    /// <summary>It was not read, as the file system did not use it.</summary>
    Unused = 4,
}

/// <summary>A sector of a floppy disk, as it was found on a track.</summary>
/// <param name="Cylinder">Where the heads were.</param>
/// <param name="Head">Which of the two heads: 0 or 1.</param>
/// <param name="Number">Its number in the track, of any order.</param>
/// <param name="Length">Bytes of it, more than 0.</param>
/// <param name="Data">Its bytes; null when it has none.</param>
/// <param name="State">What else is known.</param>
internal readonly record struct FloppySector(
    int Cylinder, int Head, int Number, int Length, byte[]? Data, FloppySectorState State);
