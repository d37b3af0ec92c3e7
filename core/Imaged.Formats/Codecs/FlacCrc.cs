namespace Imaged.Formats.Codecs;

/// <summary>The checksums of FLAC: of a frame's header one of 8 bits with the polynomial x^8+x^2+x+1, of a frame one of
/// 16 bits with x^16+x^15+x^2+1; both begin with 0 (RFC 9639 sections 9.1.8 and 9.3).</summary>
internal static class FlacCrc
{
    private static readonly byte[] Table8 = [.. Enumerable.Range(0, 256).Select(i => (byte)Divide(i, 8, 0x07))];
    private static readonly ushort[] Table16 =
        [.. Enumerable.Range(0, 256).Select(i => (ushort)Divide(i << 8, 16, 0x8005))];

    /// <summary>The checksum of a header.</summary>
    public static byte Compute8(ReadOnlySpan<byte> bytes)
    {
        byte crc = 0;
        foreach (byte value in bytes)
        {
            crc = Table8[crc ^ value];
        }

        return crc;
    }

    /// <summary>The checksum of a frame.</summary>
    public static ushort Compute16(ReadOnlySpan<byte> bytes)
    {
        int crc = 0;
        foreach (byte value in bytes)
        {
            crc = ((crc << 8) & 0xffff) ^ Table16[(crc >> 8) ^ value];
        }

        return (ushort)crc;
    }

    private static int Divide(int value, int width, int polynomial)
    {
        int top = 1 << (width - 1);
        for (int bit = 0; bit < 8; bit++)
        {
            value = ((value << 1) ^ ((value & top) != 0 ? polynomial : 0)) & ((top << 1) - 1);
        }

        return value;
    }
}
