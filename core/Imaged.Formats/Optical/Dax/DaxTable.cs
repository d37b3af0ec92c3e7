using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Dax;

/// <summary>Where the blocks of an image stand. Immutable.</summary>
internal sealed class DaxTable
{
    private const int AreaLength = 8;
    private const uint StoredMark = 0x80000000;

    private readonly uint[] _offsets;

    // The highest bit is set where the block is stored as it is.
    private readonly uint[] _lengths;

    private DaxTable(int count)
    {
        _offsets = new uint[count];
        _lengths = new uint[count];
    }

    /// <summary>Reads the table.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public static DaxTable Read(BlockSource file, DaxHeader header)
    {
        int count = header.BlockCount;
        long length = header.IsJso
            ? (count + 1L) * sizeof(uint)
            : (count * (long)(sizeof(uint) + sizeof(ushort))) + (header.Areas * (long)AreaLength);
        if (header.Areas > count || length > file.Length - header.Length)
        {
            ImageFormatException.Throw(
                DaxFormat.Id, header.Length, $"the table of {count} blocks and {header.Areas} areas does not fit");
        }

        byte[] raw = file.ReadBytes(header.Length, (int)length);
        DaxTable table = new(count);
        for (int i = 0; i < count; i++)
        {
            table._offsets[i] = BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(i * sizeof(uint)));
            table._lengths[i] = header.IsJso
                ? JsoLength(raw, i, header)
                : BinaryPrimitives.ReadUInt16LittleEndian(
                    raw.AsSpan((count * sizeof(uint)) + (i * sizeof(ushort))));
        }

        table.MarkAreas(raw.AsSpan(raw.Length - (int)(header.Areas * AreaLength)), header);
        for (int i = 0; i < count; i++)
        {
            table.Check(i, file, header);
        }

        return table;
    }

    /// <summary>Byte offset of a block in the file.</summary>
    public long GetOffset(int index) => _offsets[index];

    /// <summary>Bytes that are stored of a block.</summary>
    public int GetLength(int index) => (int)(_lengths[index] & ~StoredMark);

    /// <summary>Whether a block is stored as it is.</summary>
    public bool IsStored(int index) => (_lengths[index] & StoredMark) != 0;

    // Up to the next block; what did not become shorter is stored as it is.
    private static uint JsoLength(byte[] raw, int index, DaxHeader header)
    {
        uint begin = BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(index * sizeof(uint)));
        uint end = BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan((index + 1) * sizeof(uint)));
        if (end < begin || end - begin >= StoredMark)
        {
            ImageFormatException.Throw(
                DaxFormat.Id,
                header.Length + ((long)index * sizeof(uint)),
                $"block {index} begins at {begin}, the next one at {end}");
        }

        return (end - begin) | (end - begin == header.BlockLength ? StoredMark : 0);
    }

    private void MarkAreas(ReadOnlySpan<byte> areas, DaxHeader header)
    {
        for (; !areas.IsEmpty; areas = areas[AreaLength..])
        {
            uint first = BinaryPrimitives.ReadUInt32LittleEndian(areas);
            uint count = BinaryPrimitives.ReadUInt32LittleEndian(areas[sizeof(uint)..]);
            if (count > _lengths.Length || first > _lengths.Length - count)
            {
                ImageFormatException.Throw(
                    DaxFormat.Id, header.Length, $"an area has {count} blocks from {first} on, of {_lengths.Length}");
            }

            for (int i = (int)first; i < first + count; i++)
            {
                if (IsStored(i))
                {
                    ImageFormatException.Throw(DaxFormat.Id, header.Length, $"block {i} is in two areas");
                }

                _lengths[i] |= StoredMark;
            }
        }
    }

    private void Check(int index, BlockSource file, DaxHeader header)
    {
        int length = GetLength(index);
        long wanted = Math.Min(header.BlockLength, header.ImageLength - ((long)index * header.BlockLength));
        if (GetOffset(index) > file.Length - length || length > ushort.MaxValue + 1
            || (IsStored(index) && length < wanted))
        {
            ImageFormatException.Throw(
                DaxFormat.Id,
                header.Length + ((long)index * sizeof(uint)),
                $"block {index} is said to have {length} bytes at {GetOffset(index)}");
        }
    }
}
