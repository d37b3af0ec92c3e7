using System.Buffers.Binary;

namespace Imaged.Formats.Images.Dmg;

/// <summary>A checksum as the trailer and the block tables store it.</summary>
/// <param name="Type">Its kind: 2 is CRC-32, 4 is MD5, 5 and 6 are SHA-1, 7 to 9 are SHA-2.</param>
/// <param name="Bits">Its length.</param>
/// <param name="Value">Its bytes, as many as <paramref name="Bits"/> says.</param>
internal sealed record DmgChecksum(uint Type, uint Bits, byte[] Value)
{
    /// <summary>Bytes that a stored checksum takes: type, length, and room for 1024 bits.</summary>
    public const int Length = 136;

    /// <summary>Reads one.</summary>
    public static DmgChecksum Parse(ReadOnlySpan<byte> raw)
    {
        uint bits = BinaryPrimitives.ReadUInt32BigEndian(raw[4..]);
        int bytes = (int)Math.Min(bits / 8, Length - 8);
        return new(BinaryPrimitives.ReadUInt32BigEndian(raw), bits, raw.Slice(8, bytes).ToArray());
    }
}
