using System.Buffers.Binary;

namespace Imaged.Formats.Codecs;

/// <summary>Snappy blocks without a frame ("Snappy compressed format description", Google 2011): the length of the
/// output, then literals and copies of earlier output.</summary>
internal static class SnappyDecoder
{
    private const int MaxLengthBytes = 5;

    // Literals above 60 bytes have their length in 1 to 4 bytes behind the tag.
    private const int LongLiteral = 60;

    /// <summary>Decodes one block.</summary>
    /// <returns>Number of bytes written; -1 when the block is damaged or longer than the destination.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (!TryReadLength(ref source, out long length) || length > destination.Length)
        {
            return -1;
        }

        int to = 0;
        while (!source.IsEmpty)
        {
            int tag = source[0];
            source = source[1..];
            bool isGood = (tag & 3) == 0
                ? TryCopyLiteral(tag >> 2, ref source, destination[..(int)length], ref to)
                : TryCopyMatch(tag, ref source, destination[..(int)length], ref to);
            if (!isGood)
            {
                return -1;
            }
        }

        return to == length ? to : -1;
    }

    private static bool TryReadLength(ref ReadOnlySpan<byte> source, out long length)
    {
        length = 0;
        for (int i = 0; i < MaxLengthBytes && i < source.Length; i++)
        {
            length |= (long)(source[i] & 0x7f) << (7 * i);
            if (source[i] < 0x80)
            {
                source = source[(i + 1)..];
                return true;
            }
        }

        return false;
    }

    private static bool TryCopyLiteral(int code, ref ReadOnlySpan<byte> source, Span<byte> destination, ref int to)
    {
        long length = code + 1;
        if (code >= LongLiteral)
        {
            int bytes = code - LongLiteral + 1;
            if (source.Length < bytes)
            {
                return false;
            }

            length = 1;
            for (int i = 0; i < bytes; i++)
            {
                length += (long)source[i] << (8 * i);
            }

            source = source[bytes..];
        }

        if (length > source.Length || length > destination.Length - to)
        {
            return false;
        }

        source[..(int)length].CopyTo(destination[to..]);
        source = source[(int)length..];
        to += (int)length;
        return true;
    }

    private static bool TryCopyMatch(int tag, ref ReadOnlySpan<byte> source, Span<byte> destination, ref int to)
    {
        int bytes = (tag & 3) switch { 1 => 1, 2 => 2, _ => 4 };
        if (source.Length < bytes)
        {
            return false;
        }

        long distance = bytes switch
        {
            1 => ((tag >> 5) << 8) | source[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(source),
            _ => BinaryPrimitives.ReadUInt32LittleEndian(source),
        };
        int length = bytes == 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
        source = source[bytes..];
        if (distance == 0 || distance > to || length > destination.Length - to)
        {
            return false;
        }

        LzMatch.Copy(destination, to, (int)distance, length);
        to += length;
        return true;
    }
}
