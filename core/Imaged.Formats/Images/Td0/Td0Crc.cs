namespace Imaged.Formats.Images.Td0;

/// <summary>The checksum of Teledisk: 16 bits, polynomial 0xA097, highest bit first, from 0 on.</summary>
internal static class Td0Crc
{
    private const int Polynomial = 0xa097;

    private static readonly ushort[] Table = MakeTable();

    /// <summary>The checksum of <paramref name="bytes"/>.</summary>
    public static ushort Compute(ReadOnlySpan<byte> bytes)
    {
        int crc = 0;
        foreach (byte value in bytes)
        {
            crc = ((crc << 8) & 0xffff) ^ Table[(crc >> 8) ^ value];
        }

        return (ushort)crc;
    }

    private static ushort[] MakeTable()
    {
        ushort[] table = new ushort[256];
        for (int i = 0; i < table.Length; i++)
        {
            int crc = i << 8;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 0x8000) != 0 ? (crc << 1) ^ Polynomial : crc << 1;
            }

            table[i] = (ushort)(crc & 0xffff);
        }

        return table;
    }
}
