using System.Buffers.Binary;

namespace Imaged.Formats.Codecs;

/// <summary>The x86 filter of LZMA (BCJ; "The .xz File Format" 1.2.0, section 5.3.2): the encoder has turned relative
/// targets of calls and jumps into absolute ones; this turns them back.</summary>
internal static class X86Filter
{
    private const int InstructionLength = 5;

    // By the mask of opcodes in the last three bytes: whether the operand here can be one, and which of its bytes is
    // to be looked at.
    private static ReadOnlySpan<bool> Allowed => [true, true, true, false, true, false, false, false];

    private static ReadOnlySpan<byte> ByteNumber => [0, 1, 2, 2, 3, 3, 3, 3];

    /// <summary>Decodes a buffer in place that begins at address 0.</summary>
    public static void Decode(Span<byte> bytes)
    {
        int mask = 0;
        int last = -1;
        for (int at = 0; at + InstructionLength <= bytes.Length;)
        {
            if ((bytes[at] & 0xfe) != 0xe8)
            {
                at++;
                continue;
            }

            int distance = at - last;
            last = at;
            mask = distance > 3 ? 0 : (mask << (distance - 1)) & 7;
            if ((mask != 0 && (!Allowed[mask] || IsSign(bytes[at + 4 - ByteNumber[mask]]))) || !IsSign(bytes[at + 4]))
            {
                mask = ((mask << 1) & 7) | 1;
                at++;
                continue;
            }

            Span<byte> operand = bytes.Slice(at + 1, sizeof(uint));
            uint target = ToRelative(BinaryPrimitives.ReadUInt32LittleEndian(operand), (uint)at, mask);
            target = (target & 0xffffff) | ((target & 0x1000000) != 0 ? 0xff000000 : 0);
            BinaryPrimitives.WriteUInt32LittleEndian(operand, target);
            at += InstructionLength;
        }
    }

    private static uint ToRelative(uint absolute, uint at, int mask)
    {
        uint source = absolute;
        for (int i = 0; ; i++)
        {
            uint target = unchecked(source - (at + InstructionLength));
            int bits = 8 * ByteNumber[mask];

            // Once turned around, the byte is no sign any more; the bound is for what no encoder makes.
            if (mask == 0 || i == 4 || !IsSign((byte)((target >> (24 - bits)) & 0xff)))
            {
                return target;
            }

            source = target ^ ((1u << (32 - bits)) - 1);
        }
    }

    private static bool IsSign(byte value) => value is 0 or 0xff;
}
