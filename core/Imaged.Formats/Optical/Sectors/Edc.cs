using System.Buffers.Binary;

namespace Imaged.Formats.Optical.Sectors;

/// <summary>The error detection code of data sectors (ECMA-130 section 14.3): a CRC of 32 bits with the polynomial
/// x^32+x^31+x^16+x^15+x^4+x^3+x+1, bits reflected, without initial value and final inversion.</summary>
internal static class Edc
{
    private const uint Polynomial = 0xD8018001;
    private const int Slices = 8;

    private static readonly uint[] Table = MakeTable();

    /// <summary>The code of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">What it covers.</param>
    /// <param name="edc">Code of what comes before.</param>
    public static uint Compute(ReadOnlySpan<byte> bytes, uint edc = 0)
    {
        ReadOnlySpan<uint> table = Table;
        while (bytes.Length >= Slices)
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ edc;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            edc = table[(7 * 256) + (int)(low & 0xff)] ^ table[(6 * 256) + (int)((low >> 8) & 0xff)]
                ^ table[(5 * 256) + (int)((low >> 16) & 0xff)] ^ table[(4 * 256) + (int)(low >> 24)]
                ^ table[(3 * 256) + (int)(high & 0xff)] ^ table[(2 * 256) + (int)((high >> 8) & 0xff)]
                ^ table[256 + (int)((high >> 16) & 0xff)] ^ table[(int)(high >> 24)];
            bytes = bytes[Slices..];
        }

        foreach (byte value in bytes)
        {
            edc = table[(int)((edc ^ value) & 0xff)] ^ (edc >> 8);
        }

        return edc;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[Slices * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint edc = i;
            for (int bit = 0; bit < 8; bit++)
            {
                edc = (edc & 1) != 0 ? (edc >> 1) ^ Polynomial : edc >> 1;
            }

            table[i] = edc;
        }

        for (int i = 256; i < table.Length; i++)
        {
            uint previous = table[i - 256];
            table[i] = table[(int)(previous & 0xff)] ^ (previous >> 8);
        }

        return table;
    }
}
