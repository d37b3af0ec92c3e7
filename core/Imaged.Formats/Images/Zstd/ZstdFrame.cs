using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Zstd;

/// <summary>A frame, without its blocks (RFC 8878, section 3.1).</summary>
/// <param name="Offset">Byte offset in the file.</param>
/// <param name="HeaderLength">Bytes before the first block; of a skippable frame, before its data.</param>
/// <param name="ContentLength">Bytes that it decodes to; null when that is not stored; 0 of a skippable one.</param>
/// <param name="SkippedLength">Of a skippable frame: bytes of its data; null of others.</param>
/// <param name="HasChecksum">Whether a checksum follows the last block.</param>
internal sealed record ZstdFrame(
    long Offset, int HeaderLength, long? ContentLength, uint? SkippedLength, bool HasChecksum)
{
    private const uint Magic = 0xFD2FB528;
    private const uint SkippableMagic = 0x184D2A50;
    private const int MaxHeader = 18;
    private const int CompressedBlock = 2;
    private const int RleBlock = 1;

    /// <summary>Whether a frame begins here, a skippable one or another.</summary>
    public static bool IsMagic(ReadOnlySpan<byte> raw) => raw.Length >= 4 && (IsSkippable(raw)
        || BinaryPrimitives.ReadUInt32LittleEndian(raw) == Magic);

    /// <summary>Whether a skippable frame begins here.</summary>
    public static bool IsSkippable(ReadOnlySpan<byte> raw) =>
        raw.Length >= 4 && (BinaryPrimitives.ReadUInt32LittleEndian(raw) & 0xfffffff0) == SkippableMagic;

    /// <summary>Reads the header of the frame at an offset.</summary>
    /// <returns>Null when no frame begins here.</returns>
    /// <exception cref="ImageFormatException">The header is cut off.</exception>
    /// <exception cref="UnsupportedFeatureException">The window is too large, or a dictionary is needed.</exception>
    public static ZstdFrame? TryRead(BlockSource file, long offset)
    {
        Span<byte> raw = stackalloc byte[MaxHeader];
        int count = file.ReadUpTo(offset, raw);
        if (!IsMagic(raw[..count]))
        {
            return null;
        }

        raw[count..].Clear();
        if (IsSkippable(raw))
        {
            return count < 8 ? ThrowCutOff(offset)
                : new(offset, 8, 0, BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]), false);
        }

        // Section 3.1.1.1.1: the descriptor says how long the fields behind it are.
        int descriptor = raw[4];
        bool isSingle = (descriptor & 0x20) != 0;
        int at = 5;
        int windowLog = 0;
        if (!isSingle)
        {
            windowLog = 10 + (raw[at] >> 3);
            at++;
        }

        int dictionary = (descriptor & 3) switch { 0 => 0, 1 => 1, 2 => 2, _ => 4 };
        bool hasDictionary = raw.Slice(at, dictionary).ContainsAnyExcept((byte)0);
        at += dictionary;
        int sizeLength = (descriptor >> 6) switch { 0 => isSingle ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        ulong? content = sizeLength switch
        {
            0 => null,
            1 => raw[at],
            2 => (ulong)BinaryPrimitives.ReadUInt16LittleEndian(raw[at..]) + 256,
            4 => BinaryPrimitives.ReadUInt32LittleEndian(raw[at..]),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(raw[at..]),
        };
        at += sizeLength;
        if (count < at)
        {
            return ThrowCutOff(offset);
        }

        if (content > 1UL << 56)
        {
            ImageFormatException.Throw(ZstdFormat.Info.Id, offset, $"a frame says that it holds {content} bytes");
        }

        if (hasDictionary)
        {
            UnsupportedFeatureException.Throw(ZstdFormat.Info.Id, "a frame that was packed with a dictionary");
        }

        if (windowLog > ZstdStreamDecoder.MaxWindowLog
            || (windowLog == ZstdStreamDecoder.MaxWindowLog && !isSingle && (raw[5] & 7) != 0)
            || (isSingle && content > 1UL << ZstdStreamDecoder.MaxWindowLog))
        {
            UnsupportedFeatureException.Throw(
                ZstdFormat.Info.Id, $"a window of more than {1 << (ZstdStreamDecoder.MaxWindowLog - 20)} MiB");
        }

        return new(offset, at, (long?)content, null, (descriptor & 4) != 0);
    }

    /// <summary>Finds the end of the frame by the headers of its blocks (section 3.1.1.2).</summary>
    /// <returns>Byte offset behind it.</returns>
    /// <exception cref="ImageFormatException">It is cut off, or a block is of no known type.</exception>
    public long FindEnd(BlockSource file)
    {
        long at = Offset + HeaderLength;
        if (SkippedLength is { } skipped)
        {
            at += skipped;
        }
        else
        {
            Span<byte> raw = stackalloc byte[3];
            bool isLast = false;
            while (!isLast)
            {
                if (file.ReadUpTo(at, raw) < raw.Length)
                {
                    ThrowCutOff(Offset);
                }

                int header = raw[0] | (raw[1] << 8) | (raw[2] << 16);
                isLast = (header & 1) != 0;
                int type = (header >> 1) & 3;
                if (type > CompressedBlock)
                {
                    ImageFormatException.Throw(ZstdFormat.Info.Id, at, "a block is of the reserved type");
                }

                at += 3 + (type == RleBlock ? 1 : header >> 3);
            }

            at += HasChecksum ? 4 : 0;
        }

        if (at > file.Length)
        {
            ThrowCutOff(Offset);
        }

        return at;
    }

    private static ZstdFrame? ThrowCutOff(long offset)
    {
        ImageFormatException.Throw(ZstdFormat.Info.Id, offset, "the file is cut off inside the frame that begins here");
        return null;
    }
}
