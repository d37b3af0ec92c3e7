namespace Imaged.Formats.Codecs;

/// <summary>The checksum of zlib streams (RFC 1950, section 8.2).</summary>
internal static class Adler32
{
    private const uint Modulus = 65521;

    // So many bytes can be added before the second sum, which begins below the modulus, leaves 32 bits.
    private const int MaxRun = 5552;

    /// <summary>The checksum of all bytes.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes)
    {
        uint low = 1;
        uint high = 0;
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> run = bytes[..Math.Min(MaxRun, bytes.Length)];
            foreach (byte value in run)
            {
                low += value;
                high += low;
            }

            low %= Modulus;
            high %= Modulus;
            bytes = bytes[run.Length..];
        }

        return (high << 16) | low;
    }
}
