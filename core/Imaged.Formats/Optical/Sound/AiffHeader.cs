using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Sound;

/// <summary>Header of an AIFF file ("Audio Interchange File Format" 1.3, and AIFF-C).</summary>
internal static class AiffHeader
{
    private const int MaxChunks = 1000;
    private const int CommonLength = 22;

    /// <summary>Whether a file begins so.</summary>
    public static bool Is(ReadOnlySpan<byte> magic) =>
        magic.StartsWith("FORM"u8) && (magic[8..].StartsWith("AIFF"u8) || magic[8..].StartsWith("AIFC"u8));

    /// <summary>The samples of a file.</summary>
    public static SoundFile Open(BlockSource file, string name, string format)
    {
        Span<byte> head = stackalloc byte[12];
        Span<byte> field = stackalloc byte[CommonLength];
        file.Read(0, head);
        bool isCompressed = head[8..].SequenceEqual("AIFC"u8);
        bool? isBigEndian = null;
        (long Offset, long Length)? samples = null;
        long offset = 12;
        for (int i = 0; i < MaxChunks && offset <= file.Length - 8 && (isBigEndian is null || samples is null); i++)
        {
            file.Read(offset, head[..8]);
            uint length = BinaryPrimitives.ReadUInt32BigEndian(head[4..]);
            offset += 8;
            field.Clear();
            file.ReadUpTo(offset, field);
            if (head.StartsWith("COMM"u8))
            {
                isBigEndian = CheckCommon(field, isCompressed, name, format);
            }
            else if (head.StartsWith("SSND"u8))
            {
                // Offset of the first sample, and a block size which does not matter.
                uint skip = BinaryPrimitives.ReadUInt32BigEndian(field);
                samples = (offset + 8 + skip, length - 8L - skip);
            }

            offset += length + (length & 1);
        }

        if (isBigEndian is not { } order
            || samples is not { } found
            || found.Length <= 0
            || found.Offset >= file.Length)
        {
            throw new ImageFormatException(format, 0, $"'{name}' is an AIFF file without samples");
        }

        return SoundFile.Of(file, found.Offset, found.Length, order);
    }

    // Returns whether the high byte comes first.
    private static bool CheckCommon(ReadOnlySpan<byte> field, bool isCompressed, string name, string format)
    {
        // 80 bits: sign and exponent, and a mantissa with its leading one.
        int exponent = BinaryPrimitives.ReadUInt16BigEndian(field[8..]) - 16383;
        double rate = BinaryPrimitives.ReadUInt64BigEndian(field[10..]) * Math.Pow(2, exponent - 63);
        SoundFile.CheckSamples(
            format,
            name,
            BinaryPrimitives.ReadUInt16BigEndian(field),
            BinaryPrimitives.ReadUInt16BigEndian(field[6..]),
            rate);
        if (!isCompressed || field[18..].SequenceEqual("NONE"u8))
        {
            return true;
        }

        if (!field[18..].SequenceEqual("sowt"u8))
        {
            UnsupportedFeatureException.Throw(format, $"compressed AIFF-C sound ('{name}')");
        }

        return false;
    }
}
