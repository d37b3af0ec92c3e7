using System.Buffers.Binary;

namespace Imaged.Formats.Codecs;

/// <summary>LZVN, the byte-oriented codec of LZFSE streams and of compressed files on Apple's file systems: opcodes of
/// one to three bytes for literals, copies of earlier output, and both.</summary>
internal static class LzvnDecoder
{
    private const byte EndOfStream = 0x06;

    // The opcode that ends a stream is followed by seven zeros.
    private const int EndLength = 8;

    /// <summary>Decodes one stream.</summary>
    /// <returns>Number of bytes written; -1 when the stream is damaged or longer than the destination.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> destination) => Decode(source, destination, 0);

    /// <summary>Decodes one stream behind earlier output that it may copy from.</summary>
    /// <param name="source">The stream from its first opcode on; it ends with the opcode for that.</param>
    /// <param name="destination">What is there already, and room for this stream.</param>
    /// <param name="to">Bytes of <paramref name="destination"/> that are filled.</param>
    /// <returns>Number of bytes that are filled then; -1 when the stream is damaged or longer than the room.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> destination, int to)
    {
        int from = 0;
        int distance = 0;
        while (from < source.Length)
        {
            int opcode = source[from];
            if (opcode == EndOfStream)
            {
                return source.Length - from >= EndLength ? to : -1;
            }

            if (!TryReadOpcode(source[from..], opcode, ref distance, out int length, out int literals, out int match)
                || literals > source.Length - from - length || literals > destination.Length - to)
            {
                return -1;
            }

            source.Slice(from + length, literals).CopyTo(destination[to..]);
            from += length + literals;
            to += literals;
            if (match > 0)
            {
                if (distance == 0 || distance > to || match > destination.Length - to)
                {
                    return -1;
                }

                LzMatch.Copy(destination, to, distance, match);
                to += match;
            }
        }

        return -1;
    }

    // Length of the opcode with its operands, how many literals follow it, and how much is copied then.
    private static bool TryReadOpcode(
        ReadOnlySpan<byte> source, int opcode, ref int distance, out int length, out int literals, out int match)
    {
        length = LengthOf(opcode);
        literals = 0;
        match = 0;
        if (length == 0 || length > source.Length)
        {
            return false;
        }

        switch (opcode)
        {
            case 0x0e or 0x16:
                return true;
            case 0xe0:
                literals = source[1] + 16;
                return true;
            case 0xf0:
                match = source[1] + 16;
                return true;
            case > 0xf0:
                match = opcode & 15;
                return true;
            case > 0xe0:
                literals = opcode & 15;
                return true;
            case >= 0xa0 and <= 0xbf:
                int operand = BinaryPrimitives.ReadUInt16LittleEndian(source[1..]);
                literals = (opcode >> 3) & 3;
                match = (((opcode & 7) << 2) | (operand & 3)) + 3;
                distance = operand >> 2;
                return true;
            default:
                literals = opcode >> 6;
                match = ((opcode >> 3) & 7) + 3;
                distance = length switch
                {
                    3 => BinaryPrimitives.ReadUInt16LittleEndian(source[1..]),
                    2 => ((opcode & 7) << 8) | source[1],
                    _ => distance, // that of the copy before
                };
                return true;
        }
    }

    // 0 for opcodes that do not exist.
    private static int LengthOf(int opcode) => opcode switch
    {
        0x0e or 0x16 => 1,
        0x1e or 0x26 or 0x2e or 0x36 or 0x3e => 0,
        >= 0x70 and <= 0x7f or >= 0xd0 and <= 0xdf => 0,
        >= 0xa0 and <= 0xbf => 3,
        0xe0 or 0xf0 => 2,
        > 0xe0 => 1,
        _ => (opcode & 7) switch
        {
            7 => 3,
            6 => 1,
            _ => 2,
        },
    };
}
