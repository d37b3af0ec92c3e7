namespace Imaged.Formats.Optical.Sectors;

/// <summary>The checksum of subchannel Q and of CD-Text (ECMA-130 section 22.3.6): a CRC of 16 bits with the polynomial
/// x^16+x^12+x^5+1, inverted; stored with the high byte first.</summary>
internal static class Crc16
{
    /// <summary>The checksum of <paramref name="bytes"/>.</summary>
    public static ushort Compute(ReadOnlySpan<byte> bytes)
    {
        int crc = 0;
        foreach (byte value in bytes)
        {
            crc ^= value << 8;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = ((crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0)) & 0xffff;
            }
        }

        return (ushort)(crc ^ 0xffff);
    }
}
