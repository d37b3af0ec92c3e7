namespace Imaged.Formats.Images.Xz;

/// <summary>What follows each block of a stream (The .xz File Format 1.2.0, section 2.1.1.2). liblzma
/// verifies all of these.</summary>
internal enum XzCheckType
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>CRC-32.</summary>
    Crc32 = 1,

    /// <summary>CRC-64.</summary>
    Crc64 = 4,

    /// <summary>SHA-256.</summary>
    Sha256 = 10,
}
