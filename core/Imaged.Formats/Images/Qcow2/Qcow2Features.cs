namespace Imaged.Formats.Images.Qcow2;

/// <summary>Incompatible features: who does not know one of them must not read the image.</summary>
[Flags]
internal enum Qcow2Features : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Reference counts may be wrong; the mapping is right, so that reading is not concerned.</summary>
    Dirty = 1,

    /// <summary>Something was found wrong; the image must not be written any more.</summary>
    Corrupt = 2,

    /// <summary>The clusters stand in another file.</summary>
    ExternalData = 4,

    /// <summary>Compressed clusters are not deflate streams.</summary>
    CompressionType = 8,

    /// <summary>Clusters have 32 subclusters, entries of L2 tables 16 bytes.</summary>
    ExtendedL2 = 16,

    /// <summary>All that are known.</summary>
    Known = Dirty | Corrupt | ExternalData | CompressionType | ExtendedL2,
}
