namespace Imaged.Formats.Images.Partclone;

/// <summary>What follows each strip of blocks; the numbers are those of the header of version 0002.</summary>
internal enum PartcloneChecksum
{
    /// <summary>Nothing, or nothing of use.</summary>
    None = 0,

    /// <summary>CRC-32 without the final inversion.</summary>
    Crc32 = 0x20,

    /// <summary>XXH64 with seed 0.</summary>
    XxHash64 = 0x30,

    /// <summary>XXH3 of 128 bits with seed 0.</summary>
    XxHash128 = 0x31,
}
