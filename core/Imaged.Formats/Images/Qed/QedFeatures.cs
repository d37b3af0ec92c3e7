namespace Imaged.Formats.Images.Qed;

/// <summary>Incompatible features of a QED image.</summary>
[Flags]
internal enum QedFeatures : ulong
{
    /// <summary>It has a backing file.</summary>
    Backing = 1,

    /// <summary>It was not closed: clusters may be lost, or tables wrong.</summary>
    NeedsCheck = 2,

    /// <summary>The backing file is a raw image, whatever it looks like.</summary>
    BackingIsRaw = 4,

    /// <summary>All that are known.</summary>
    Known = Backing | NeedsCheck | BackingIsRaw,
}
