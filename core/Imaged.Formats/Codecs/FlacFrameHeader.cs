namespace Imaged.Formats.Codecs;

/// <summary>The header of a FLAC frame (RFC 9639 section 9.1).</summary>
/// <param name="BlockLength">Samples of each channel, 1 to 65536.</param>
/// <param name="Channels">1 to 8.</param>
/// <param name="Assignment">How the channels are stored.</param>
/// <param name="SampleBits">Bits of a sample, 4 to 24.</param>
/// <param name="Length">Bytes of the header with its checksum.</param>
internal readonly record struct FlacFrameHeader(
    int BlockLength, int Channels, FlacAssignment Assignment, int SampleBits, int Length)
{
    private const int MinLength = 6;
    private const int MaxSampleBits = 24;
    private const int MaxNumberLength = 7;

    private static ReadOnlySpan<byte> SampleSizes => [0, 8, 12, 0, 16, 20, 24, 32];

    /// <summary>Parses a header.</summary>
    /// <param name="source">The bytes from the frame on.</param>
    /// <param name="streamBits">Bits of a sample as the stream's own header says: for frames that do not say.</param>
    /// <param name="header">The header.</param>
    /// <returns>False when it is damaged, or when samples have more than 24 bits.</returns>
    public static bool TryParse(ReadOnlySpan<byte> source, int streamBits, out FlacFrameHeader header)
    {
        header = default;

        // Fourteen bits of a pattern, a reserved one that is zero, and whether blocks differ in length.
        if (source.Length < MinLength || source[0] != 0xff || (source[1] & 0xfe) != 0xf8 || (source[3] & 1) != 0)
        {
            return false;
        }

        int numberLength = NumberLength(source[4]);
        int blockCode = source[2] >> 4;
        int blockBytes = blockCode is 6 or 7 ? blockCode - 5 : 0;
        int rateBytes = (source[2] & 15) switch
        {
            12 => 1,
            13 or 14 => 2,
            15 => -1,
            _ => 0,
        };
        int at = 4 + numberLength;
        int length = at + blockBytes + rateBytes + 1;
        if (numberLength == 0 || rateBytes < 0 || length > source.Length
            || FlacCrc.Compute8(source[..(length - 1)]) != source[length - 1])
        {
            return false;
        }

        int channelCode = source[3] >> 4;
        int bits = SampleSizes[(source[3] >> 1) & 7];
        bits = ((source[3] >> 1) & 7) == 0 ? streamBits : bits;
        int block = blockCode switch
        {
            0 => 0,
            1 => 192,
            <= 5 => 576 << (blockCode - 2),
            6 => source[at] + 1,
            7 => (source[at] << 8) + source[at + 1] + 1,
            _ => 256 << (blockCode - 8),
        };
        header = new(
            block,
            channelCode < 8 ? channelCode + 1 : 2,
            channelCode < 8 ? FlacAssignment.Independent : (FlacAssignment)(channelCode - 7),
            bits,
            length);
        return block > 0 && bits is >= 4 and <= MaxSampleBits && channelCode <= 10;
    }

    // The number of the frame or sample, coded as UTF-8 codes characters but with up to 36 bits. It says nothing that
    // a decoder of whole streams needs.
    private static int NumberLength(byte first)
    {
        int ones = System.Numerics.BitOperations.LeadingZeroCount(0xffu ^ first) - 24;
        return ones switch
        {
            0 => 1,
            >= 2 and <= MaxNumberLength => ones,
            _ => 0,
        };
    }
}
