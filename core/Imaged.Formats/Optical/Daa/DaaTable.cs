using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Daa;

/// <summary>Where the chunks stand in the data, and how each is stored. Immutable.</summary>
internal sealed class DaaTable
{
    private static readonly byte[] MaskKey = [0x0a, 0x35, 0x2d, 0x3f, 0x08, 0x33, 0x09, 0x15];

    // Byte offset of every chunk and of the end, doubled, with the lowest bit set when the chunk is LZMA.
    private readonly long[] _entries;

    private DaaTable(long[] entries) => _entries = entries;

    /// <summary>Reads the table.</summary>
    /// <param name="file">The first file.</param>
    /// <param name="header">Its header.</param>
    /// <param name="dataLength">Bytes of chunks that all files have.</param>
    /// <exception cref="ImageFormatException">The table is too short, or the data is.</exception>
    public static DaaTable Read(BlockSource file, DaaHeader header, long dataLength)
    {
        long bits = header.IsVersion2 ? header.LengthBits + header.TypeBits : 24;
        long needed = ((header.ChunkCount * bits) + 7) / 8;
        long stored = header.DataOffset - header.TableOffset;
        if (needed > stored)
        {
            ImageFormatException.Throw(
                DaaFormat.Id, header.TableOffset, $"the chunk table has {stored} bytes, {needed} are needed");
        }

        byte[] raw = file.ReadBytes(header.TableOffset, (int)needed);
        long[] entries = new long[header.ChunkCount + 1];
        if (header.IsGbi && header.IsVersion2)
        {
            // The key has the length of the table in it, which writers take with and without what fills it up.
            foreach (long length in (ReadOnlySpan<long>)[needed, stored])
            {
                byte[] shown = ShowGbi(raw, header.Crc, length / 4);
                if (Parse(shown, header, entries) <= dataLength)
                {
                    return new(entries);
                }
            }
        }
        else
        {
            if (header.IsHidden)
            {
                Show(raw, header.ImageLength / 2048);
            }

            if (Parse(raw, header, entries) <= dataLength)
            {
                return new(entries);
            }
        }

        throw new ImageFormatException(
            DaaFormat.Id, header.TableOffset, $"the files have {dataLength} bytes of data, less than the table says");
    }

    /// <summary>Byte offset of a chunk in the data.</summary>
    public long GetOffset(int index) => _entries[index] >> 1;

    /// <summary>Bytes that are stored of a chunk.</summary>
    public long GetLength(int index) => (_entries[index + 1] >> 1) - (_entries[index] >> 1);

    /// <summary>Whether a chunk is LZMA; deflate if not.</summary>
    public bool IsLzma(int index) => (_entries[index] & 1) != 0;

    private static byte[] ShowGbi(byte[] raw, uint subtract, long key) =>
        Array.ConvertAll(raw, value => unchecked((byte)((value - subtract) ^ key)));

    private static void Show(byte[] raw, long sectors)
    {
        unchecked
        {
            byte subtract = (byte)sectors;
            byte step = (byte)(sectors >> 8);
            for (int i = 0; i < raw.Length; i++)
            {
                raw[i] -= subtract;
                subtract += step;
            }
        }
    }

    // Returns the sum of all lengths; 2^24 of 33 bits and less do not overflow.
    private static long Parse(ReadOnlySpan<byte> raw, DaaHeader header, long[] entries)
    {
        long offset = 0;
        long bit = 0;
        for (int i = 0; i < header.ChunkCount; i++)
        {
            bool isLzma = false;
            long length;
            if (header.IsVersion2)
            {
                uint mask = header.IsMasked ? (uint)((i & 0xff) ^ MaskKey[i & 7]) * 0x01010101 : 0;
                length = (ReadBits(raw, bit, header.LengthBits) ^ Truncate(mask, header.LengthBits)) + 5L;
                bit += header.LengthBits;
                uint type = ReadBits(raw, bit, header.TypeBits) ^ Truncate(mask, header.TypeBits);
                bit += header.TypeBits;
                if (type > 1)
                {
                    ImageFormatException.Throw(
                        DaaFormat.Id, header.TableOffset + (bit / 8), $"chunk {i} is of type {type}");
                }

                isLzma = type == 0;
            }
            else
            {
                ReadOnlySpan<byte> entry = raw[(3 * i)..];
                length = entry[0] << 16 | entry[2] << 8 | entry[1];
            }

            entries[i] = offset << 1 | (isLzma ? 1L : 0);
            offset += length;
        }

        entries[header.ChunkCount] = offset << 1;
        return offset;
    }

    private static uint Truncate(uint value, int bits) => (uint)(value & ((1UL << bits) - 1));

    private static uint ReadBits(ReadOnlySpan<byte> raw, long bit, int count)
    {
        Span<byte> window = stackalloc byte[sizeof(ulong)];
        ReadOnlySpan<byte> from = raw[(int)(bit / 8)..];
        from[..Math.Min(from.Length, window.Length)].CopyTo(window);
        return (uint)((BinaryPrimitives.ReadUInt64LittleEndian(window) >> (int)(bit & 7)) & ((1UL << count) - 1));
    }
}
