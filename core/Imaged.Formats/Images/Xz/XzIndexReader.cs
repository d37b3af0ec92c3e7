using System.Buffers.Binary;
using System.IO.Hashing;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Xz;

/// <summary>Reads the index of a stream (The .xz File Format 1.2.0, section 4).</summary>
internal static class XzIndexReader
{
    private const int CrcLength = 4;
    private const int MaxNumberLength = 9;
    private const int MaxRecords = 1 << 22;
    private const long MinUnpadded = 5;
    private const long MaxLength = 1L << 60;

    /// <summary>Reads the records.</summary>
    /// <param name="raw">The index with its padding and CRC.</param>
    /// <param name="offset">Byte offset in the file, for errors.</param>
    /// <param name="blocks">Bytes of all blocks with their padding.</param>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public static List<(long Unpadded, long Decoded)> Read(ReadOnlySpan<byte> raw, long offset, out long blocks)
    {
        ReadOnlySpan<byte> rest = raw[..^CrcLength];
        if (Crc32.HashToUInt32(rest) != BinaryPrimitives.ReadUInt32LittleEndian(raw[^CrcLength..]) || rest[0] != 0)
        {
            Throw(offset);
        }

        rest = rest[1..];
        long count = ReadNumber(ref rest, offset);
        if (count > MaxRecords || count > rest.Length / 2)
        {
            ImageFormatException.Throw(XzFormat.Info.Id, offset, $"the index has {count} records");
        }

        List<(long Unpadded, long Decoded)> records = new((int)count);
        blocks = 0;
        long decoded = 0;
        for (int i = 0; i < count; i++)
        {
            (long Unpadded, long Decoded) record = (ReadNumber(ref rest, offset), ReadNumber(ref rest, offset));
            if (record.Unpadded is < MinUnpadded or > MaxLength || record.Decoded > MaxLength
                || (blocks += (record.Unpadded + 3) & ~3L) > MaxLength || (decoded += record.Decoded) > MaxLength)
            {
                Throw(offset);
            }

            records.Add(record);
        }

        if (rest.Length > 3 || rest.ContainsAnyExcept((byte)0))
        {
            Throw(offset);
        }

        return records;
    }

    // Section 1.2: seven bits in each byte, the lowest first.
    private static long ReadNumber(ref ReadOnlySpan<byte> rest, long offset)
    {
        long value = 0;
        for (int i = 0; i < Math.Min(MaxNumberLength, rest.Length); i++)
        {
            value |= (rest[i] & 0x7FL) << (7 * i);
            if (rest[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return value;
            }
        }

        Throw(offset);
        return 0;
    }

    private static void Throw(long offset) =>
        ImageFormatException.Throw(XzFormat.Info.Id, offset, "the index of a stream is damaged");
}
