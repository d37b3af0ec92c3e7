using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Sound;

/// <summary>Header of a WAVE file ("Multimedia Programming Interface and Data Specifications 1.0"; RF64: EBU Tech
/// 3306).</summary>
internal static class WaveHeader
{
    private const int MaxChunks = 1000;
    private const int FormatLength = 26;
    private const int Pcm = 1;
    private const int Extensible = 0xfffe;
    private const uint Unknown = uint.MaxValue;

    /// <summary>Whether a file begins so.</summary>
    public static bool Is(ReadOnlySpan<byte> magic) =>
        (magic.StartsWith("RIFF"u8) || magic.StartsWith("RF64"u8) || magic.StartsWith("BW64"u8))
        && magic[8..].StartsWith("WAVE"u8);

    /// <summary>The samples of a file.</summary>
    public static SoundFile Open(BlockSource file, string name, string format)
    {
        Span<byte> head = stackalloc byte[8];
        Span<byte> field = stackalloc byte[FormatLength];
        bool hasFormat = false;
        long longLength = 0;
        long offset = 12;
        for (int i = 0; i < MaxChunks && offset <= file.Length - head.Length; i++)
        {
            file.Read(offset, head);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
            offset += head.Length;
            if (head.StartsWith("data"u8))
            {
                if (!hasFormat)
                {
                    ImageFormatException.Throw(format, 0, $"'{name}' has its samples before their description");
                }

                // Programs that write to a pipe do not know the length.
                bool isKnown = length is not (0 or Unknown);
                long known = isKnown ? length : longLength > 0 ? longLength : long.MaxValue;
                return SoundFile.Of(file, offset, known, false);
            }

            field.Clear();
            file.ReadUpTo(offset, field);
            if (head.StartsWith("ds64"u8))
            {
                longLength = BinaryPrimitives.ReadInt64LittleEndian(field[8..]);
            }
            else if (head.StartsWith("fmt "u8))
            {
                CheckFormat(field, name, format);
                hasFormat = true;
            }

            offset += length + (length & 1);
        }

        throw new ImageFormatException(format, 0, $"'{name}' is a WAVE file without samples");
    }

    private static void CheckFormat(ReadOnlySpan<byte> field, string name, string format)
    {
        int tag = BinaryPrimitives.ReadUInt16LittleEndian(field);
        if (tag == Extensible)
        {
            tag = BinaryPrimitives.ReadUInt16LittleEndian(field[24..]);
        }

        if (tag != Pcm)
        {
            UnsupportedFeatureException.Throw(format, $"WAVE sound of type {tag} ('{name}')");
        }

        SoundFile.CheckSamples(
            format,
            name,
            BinaryPrimitives.ReadUInt16LittleEndian(field[2..]),
            BinaryPrimitives.ReadUInt16LittleEndian(field[14..]),
            BinaryPrimitives.ReadUInt32LittleEndian(field[4..]));
    }
}
