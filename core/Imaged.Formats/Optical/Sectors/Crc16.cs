namespace Imaged.Formats.Optical.Sectors;

/// <summary>The CRC of 16 bits with the polynomial x^16+x^12+x^5+1, high bit first.</summary>
internal static class Crc16
{
    private static readonly ushort[] Table = [.. Enumerable.Range(0, 256).Select(Divide)];

    /// <summary>The checksum of subchannel Q and of CD-Text (ECMA-130 section 22.3.6): from 0 on, inverted; stored with
    /// the high byte first.</summary>
    public static ushort Compute(ReadOnlySpan<byte> bytes) => (ushort)(Update(0, bytes) ^ 0xffff);

    /// <summary>The remainder after more bytes.</summary>
    /// <param name="crc">That of the bytes before; a format says with what it begins.</param>
    /// <param name="bytes">The bytes.</param>
    public static ushort Update(ushort crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            crc = (ushort)(((crc << 8) & 0xffff) ^ Table[(crc >> 8) ^ value]);
        }

        return crc;
    }

    private static ushort Divide(int value)
    {
        int crc = value << 8;
        for (int bit = 0; bit < 8; bit++)
        {
            crc = ((crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0)) & 0xffff;
        }

        return (ushort)crc;
    }
}
