using System.Buffers.Binary;

namespace Imaged.Formats.Codecs;

/// <summary>LZNT1 ([MS-XCA] 2.5): chunks of 4096 bytes with a header each; groups of a byte of flags and eight items,
/// each a byte or a copy of earlier output of the chunk. How many bits of a copy are its distance depends on how far
/// the chunk has come.</summary>
internal static class Lznt1Decoder
{
    private const int ChunkLength = 4096;
    private const int MinMatch = 3;

    /// <summary>Decodes until the destination is full; what is missing at the end is zero.</summary>
    /// <returns>False when the source is damaged.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        while (!destination.IsEmpty && source.Length >= 2)
        {
            int header = BinaryPrimitives.ReadUInt16LittleEndian(source);
            int length = (header & 0xfff) + 1;
            if (header == 0)
            {
                break;
            }

            source = source[2..];
            if (length > source.Length)
            {
                return false;
            }

            Span<byte> chunk = destination[..Math.Min(ChunkLength, destination.Length)];
            int count = Math.Min(length, chunk.Length);
            if ((header & 0x8000) == 0)
            {
                source[..count].CopyTo(chunk);
            }
            else if ((count = DecodeChunk(source[..length], chunk)) < 0)
            {
                return false;
            }

            chunk[count..].Clear();
            source = source[length..];
            destination = destination[chunk.Length..];
        }

        destination.Clear();
        return true;
    }

    // Number of bytes made; -1 when the chunk is damaged. A chunk that is longer than what is wanted is cut off.
    private static int DecodeChunk(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int from = 0;
        int to = 0;
        while (from < source.Length && to < destination.Length)
        {
            int flags = source[from++];
            for (int i = 0; i < 8 && from < source.Length && to < destination.Length; i++, flags >>= 1)
            {
                if ((flags & 1) == 0)
                {
                    destination[to++] = source[from++];
                    continue;
                }

                if (source.Length - from < 2)
                {
                    return -1;
                }

                int item = BinaryPrimitives.ReadUInt16LittleEndian(source[from..]);
                from += 2;
                int lengthBits = LengthBits(to);
                int distance = (item >> lengthBits) + 1;
                if (distance > to)
                {
                    return -1;
                }

                int count = Math.Min((item & ((1 << lengthBits) - 1)) + MinMatch, destination.Length - to);
                LzMatch.Copy(destination, to, distance, count);
                to += count;
            }
        }

        return to;
    }

    // Of sixteen bits the distance takes as many as the output so far needs, at least four.
    private static int LengthBits(int position)
    {
        int bits = 12;
        for (int reach = 16; reach < position; reach <<= 1)
        {
            bits--;
        }

        return bits;
    }
}
