namespace Imaged.Formats.Codecs;

/// <summary>The CRC-32 of bytes whose parts have known ones. A CRC is a remainder of polynomials over the field of two
/// elements: zeros appended multiply it by a power of x, and the sum of two is the CRC of the sum (ITU-T V.42, section
/// 8.1.1.6.2, has the polynomial).</summary>
internal static class Crc32Sum
{
    // x^32 + x^26 + ... + 1 without its first term, the highest power in the lowest bit.
    private const uint Polynomial = 0xEDB88320;
    private const uint One = 1u << 31;

    /// <summary>The CRC-32 of two parts one behind the other.</summary>
    /// <param name="first">Of the first.</param>
    /// <param name="second">Of the second.</param>
    /// <param name="secondLength">Bytes of the second.</param>
    public static uint Combine(uint first, uint second, long secondLength)
    {
        uint power = One >> 8; // x^8: one zero byte
        uint factor = One;
        for (long count = secondLength; count > 0; count >>= 1)
        {
            if ((count & 1) != 0)
            {
                factor = Multiply(factor, power);
            }

            power = Multiply(power, power);
        }

        return Multiply(first, factor) ^ second;
    }

    private static uint Multiply(uint left, uint right)
    {
        uint product = 0;
        for (uint bit = One; bit != 0; bit >>= 1)
        {
            if ((left & bit) != 0)
            {
                product ^= right;
            }

            right = (right & 1) != 0 ? (right >> 1) ^ Polynomial : right >> 1;
        }

        return product;
    }
}
