using System.Buffers.Binary;

namespace Imaged.Formats.Codecs;

/// <summary>The x86 filter of LZX: the encoder has turned the relative targets of calls into absolute ones; this turns
/// them back. Unlike <see cref="X86Filter"/> it goes by the opcode alone.</summary>
internal static class X86Calls
{
    private const byte Call = 0xe8;
    private const int InstructionLength = 5;

    // The encoder leaves the last bytes alone.
    private const int TailLength = 10;

    // What Windows images take for the length of the file, whatever it is.
    private const int FileLength = 12_000_000;

    /// <summary>Decodes a chunk in place.</summary>
    public static void MakeRelative(Span<byte> bytes)
    {
        int end = bytes.Length - TailLength;
        for (int at = 0; at < end;)
        {
            int next = bytes[at..end].IndexOf(Call);
            if (next < 0)
            {
                break;
            }

            at += next;
            Span<byte> operand = bytes.Slice(at + 1, sizeof(int));
            int target = BinaryPrimitives.ReadInt32LittleEndian(operand);
            if (target >= 0 && target < FileLength)
            {
                BinaryPrimitives.WriteInt32LittleEndian(operand, target - at);
            }
            else if (target < 0 && target >= -at)
            {
                BinaryPrimitives.WriteInt32LittleEndian(operand, target + FileLength);
            }

            at += InstructionLength;
        }
    }
}
