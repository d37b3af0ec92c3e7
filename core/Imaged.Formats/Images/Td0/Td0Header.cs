using System.Buffers.Binary;

namespace Imaged.Formats.Images.Td0;

/// <summary>The header of a Teledisk image: 12 bytes.</summary>
/// <param name="IsCompressed">Whether all that follows is compressed.</param>
/// <param name="Volume">Number of the file, the first one being 0.</param>
/// <param name="Version">Ten times the version of the program.</param>
/// <param name="HasComment">Whether a comment follows.</param>
internal readonly record struct Td0Header(bool IsCompressed, int Volume, int Version, bool HasComment)
{
    /// <summary>Its bytes.</summary>
    public const int Length = 12;

    /// <summary>From this version on the advanced compression is LZHUF.</summary>
    public const int FirstLzhVersion = 20;

    private const int CheckedLength = 10;
    private const byte CommentBit = 0x80;

    /// <summary>Parses a header.</summary>
    /// <returns>False when it is none, or its checksum is wrong.</returns>
    public static bool TryParse(ReadOnlySpan<byte> raw, out Td0Header header)
    {
        header = default;
        if (raw.Length < Length || !(raw.StartsWith("TD"u8) || raw.StartsWith("td"u8))
            || BinaryPrimitives.ReadUInt16LittleEndian(raw[CheckedLength..]) != Td0Crc.Compute(raw[..CheckedLength]))
        {
            return false;
        }

        header = new(raw[0] == 't', raw[2], raw[4], (raw[7] & CommentBit) != 0);
        return true;
    }
}
