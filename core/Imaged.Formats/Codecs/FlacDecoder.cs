using System.Buffers;

namespace Imaged.Formats.Codecs;

/// <summary>FLAC frames one behind the other, without the header of a stream (RFC 9639 section 9).</summary>
internal static class FlacDecoder
{
    private const int SampleBits = 16;
    private const int PairLength = 4;

    /// <summary>Decodes frames of two channels of 16 bits until the destination is full; what follows in the source is
    /// left alone.</summary>
    /// <param name="source">The frames, and perhaps more.</param>
    /// <param name="destination">Where to: left and right in turn. A multiple of 4 bytes.</param>
    /// <param name="isBigEndian">Whether samples are written with their high byte first.</param>
    /// <param name="read">Bytes of the frames.</param>
    /// <returns>Number of bytes written; -1 when a frame is damaged, of another kind, or has more samples than there is
    /// room for.</returns>
    public static int DecodeStereo16(
        ReadOnlySpan<byte> source, Span<byte> destination, bool isBigEndian, out int read)
    {
        read = 0;
        int written = 0;
        int[] buffer = [];
        try
        {
            while (written < destination.Length)
            {
                if (!FlacFrameHeader.TryParse(source[read..], SampleBits, out FlacFrameHeader header)
                    || header is not { Channels: 2, SampleBits: SampleBits }
                    || header.BlockLength > (destination.Length - written) / PairLength)
                {
                    return -1;
                }

                buffer = Grow(buffer, 2 * header.BlockLength);
                if (!FlacFrame.TryDecode(source[read..], header, buffer, out int length))
                {
                    return -1;
                }

                int count = header.BlockLength * PairLength;
                Write(
                    buffer.AsSpan(0, header.BlockLength),
                    buffer.AsSpan(header.BlockLength, header.BlockLength),
                    destination.Slice(written, count),
                    isBigEndian);
                written += count;
                read += length;
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(buffer);
        }

        return written;
    }

    private static int[] Grow(int[] buffer, int length)
    {
        if (buffer.Length >= length)
        {
            return buffer;
        }

        ArrayPool<int>.Shared.Return(buffer);
        return ArrayPool<int>.Shared.Rent(length);
    }

    private static void Write(
        ReadOnlySpan<int> left, ReadOnlySpan<int> right, Span<byte> destination, bool isBigEndian)
    {
        int low = isBigEndian ? 1 : 0;
        unchecked
        {
            for (int i = 0; i < left.Length; i++)
            {
                Span<byte> pair = destination.Slice(i * PairLength, PairLength);
                pair[low] = (byte)left[i];
                pair[low ^ 1] = (byte)(left[i] >> 8);
                pair[2 + low] = (byte)right[i];
                pair[2 + (low ^ 1)] = (byte)(right[i] >> 8);
            }
        }
    }
}
