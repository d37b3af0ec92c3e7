using System.Buffers.Binary;
using Imaged.Blocks;

namespace Imaged.Formats.Images.Partclone;

/// <summary>Where stored blocks stand: one behind the other, and behind so many of them a checksum.</summary>
/// <param name="DataOffset">Byte offset of the first one.</param>
/// <param name="BlockLength">Bytes of a block.</param>
/// <param name="StripLength">Blocks before each checksum; <see cref="long.MaxValue"/> when there is none.</param>
/// <param name="GapLength">Bytes of a checksum.</param>
internal readonly record struct PartcloneLayout(long DataOffset, int BlockLength, long StripLength, int GapLength)
{
    private const int FirstGap = sizeof(uint);
    private const int FirstWideGap = sizeof(ulong);

    /// <summary>The layout of an image.</summary>
    public static PartcloneLayout Of(BlockSource file, PartcloneHeader header, long usedCount)
    {
        long data = PartcloneBitmap.DataOffsetOf(header);
        if (header.Version == 1)
        {
            return new(data, header.BlockLength, 1, FirstGapOf(file, header, data, usedCount));
        }

        return header.Checksum == PartcloneChecksum.None
            ? new(data, header.BlockLength, long.MaxValue, 0)
            : new(data, header.BlockLength, header.BlocksPerChecksum, header.ChecksumLength);
    }

    /// <summary>Byte offset in the file of a stored block.</summary>
    /// <param name="stored">How many are stored before it.</param>
    public long OffsetOf(long stored) => DataOffset + (stored * BlockLength) + (stored / StripLength * GapLength);

    /// <summary>How many blocks are whole in a file.</summary>
    /// <param name="fileLength">Bytes of the file.</param>
    /// <param name="usedCount">Blocks that should be there.</param>
    public long CountIn(long fileLength, long usedCount)
    {
        long low = 0;
        long high = usedCount;
        while (low < high)
        {
            long middle = low + ((high - low + 1) / 2);
            if (OffsetOf(middle - 1) + BlockLength <= fileLength)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    // Some builds of partclone for 64-bit machines stored eight bytes where four were meant. The length of the file
    // tells; when it fits neither, the second CRC does, which is of what the first one is followed by.
    private static int FirstGapOf(BlockSource file, PartcloneHeader header, long data, long usedCount)
    {
        long stored = file.Length - data;
        if (stored == usedCount * (header.BlockLength + FirstGap))
        {
            return FirstGap;
        }

        return stored == usedCount * (header.BlockLength + FirstWideGap)
            || (usedCount > 1 && !FitsFirst(file, header, data, FirstGap)
                && FitsFirst(file, header, data, FirstWideGap))
                ? FirstWideGap
                : FirstGap;
    }

    // Whether the CRC behind the second block is what it should be, if so many bytes follow the first one.
    private static bool FitsFirst(BlockSource file, PartcloneHeader header, long data, int gap)
    {
        long second = data + header.BlockLength + gap;
        Span<byte> first = stackalloc byte[1];
        Span<byte> next = stackalloc byte[1];
        Span<byte> crc = stackalloc byte[sizeof(uint)];
        if (second + header.BlockLength + crc.Length > file.Length)
        {
            return false;
        }

        file.Read(data, first);
        file.Read(second, next);
        file.Read(second + header.BlockLength, crc);
        System.IO.Hashing.Crc32 hash = new();
        Repeat(hash, first[0], header.BlockLength);
        Repeat(hash, next[0], header.BlockLength);
        return ~hash.GetCurrentHashAsUInt32() == BinaryPrimitives.ReadUInt32LittleEndian(crc);
    }

    // Version 0001 goes on with the first byte of a block instead of the next one.
    private static void Repeat(System.IO.Hashing.Crc32 hash, byte value, int count)
    {
        Span<byte> bytes = stackalloc byte[512];
        bytes.Fill(value);
        for (int i = 0; i < count; i += bytes.Length)
        {
            hash.Append(bytes);
        }
    }
}
