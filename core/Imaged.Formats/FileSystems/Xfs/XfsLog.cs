using System.Buffers.Binary;
using Imaged.Blocks;

namespace Imaged.Formats.Xfs;

/// <summary>Whether a log has anything to be replayed, found out as the kernel does (fs/xfs/xfs_log_recover.c,
/// xlog_find_tail): only if the last record says that the file system was unmounted, it has not.</summary>
internal sealed class XfsLog
{
    private const int BlockSize = 512;
    private const uint RecordMagic = 0xFEEDBABE;
    private const int HeaderLength = 328;
    private const int CyclesPerHeader = 32768;
    private const byte UnmountFlag = 0x20;
    private const ushort UnmountType = 0x556e;

    // Eight buffers of 256 KiB may have been written in any order when the machine stopped.
    private const int MaxUnordered = 8 * 256 * 1024 / BlockSize;

    private readonly BlockSource _volume;
    private readonly long _offset;
    private readonly long _blocks;

    private XfsLog(BlockSource volume, XfsSuperblock superblock)
    {
        _volume = volume;
        _offset = superblock.LogOffset;
        _blocks = superblock.LogLength / BlockSize;
    }

    /// <summary>Whether the log ends with the unmounting.</summary>
    public static bool IsClean(BlockSource volume, XfsSuperblock superblock)
    {
        XfsLog log = new(volume, superblock);
        return log._blocks > 8 && log._offset + superblock.LogLength <= volume.Length && log.IsClean();
    }

    private bool IsClean()
    {
        uint first = Cycle(0);
        if (first == 0)
        {
            return false;
        }

        // Blocks of one turn through the log have one number. Those that the last turn has not reached yet have the
        // number before, or zero.
        long head = Cycle(_blocks - 1) == first ? _blocks : FindChange(first);
        return IsOrdered(head, first) && EndsWithUnmount(head);
    }

    // First block whose number is another one than the first block's.
    private long FindChange(uint cycle)
    {
        long low = 0;
        long high = _blocks - 1;
        while (high - low > 1)
        {
            long middle = low + ((high - low) / 2);
            if (Cycle(middle) == cycle)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return high;
    }

    private bool IsOrdered(long head, uint cycle)
    {
        long count = Math.Min(head, MaxUnordered);
        byte[] raw = _volume.ReadBytes(_offset + ((head - count) * BlockSize), (int)count * BlockSize);
        for (int at = 0; at < raw.Length; at += BlockSize)
        {
            if (CycleOf(raw.AsSpan(at)) != cycle)
            {
                return false;
            }
        }

        return true;
    }

    // A record: a header for each 32 KiB of it, then its blocks, of which each begins with the cycle instead of what
    // belongs there. That of an unmounting has one operation, and is padded to what the log is written in.
    private bool EndsWithUnmount(long head)
    {
        byte[] raw = new byte[HeaderLength];
        for (long count = 2; count <= Math.Min(MaxUnordered, _blocks); count++)
        {
            // It may begin before the end of the log and go on at its beginning.
            long block = (head - count + _blocks) % _blocks;
            _volume.Read(_offset + (block * BlockSize), raw);
            if (U32(raw, 0) != RecordMagic)
            {
                continue;
            }

            uint size = U32(raw, 320);
            bool isLong = (U32(raw, 8) & 2) != 0 && size > CyclesPerHeader;
            long headers = isLong ? (size + CyclesPerHeader - 1) / CyclesPerHeader : 1;
            long blocks = (U32(raw, 12) + (BlockSize - 1L)) / BlockSize;
            return headers + blocks == count && U32(raw, 40) == 1 && IsUnmount((block + headers) % _blocks);
        }

        return false;
    }

    private bool IsUnmount(long block)
    {
        Span<byte> operation = stackalloc byte[14];
        _volume.Read(_offset + (block * BlockSize), operation);
        ushort type = BinaryPrimitives.ReadUInt16LittleEndian(operation[12..]);
        return (operation[9] & UnmountFlag) != 0
            && (type == UnmountType || BinaryPrimitives.ReverseEndianness(type) == UnmountType);
    }

    private uint Cycle(long block)
    {
        Span<byte> raw = stackalloc byte[8];
        _volume.Read(_offset + (block * BlockSize), raw);
        return CycleOf(raw);
    }

    private static uint CycleOf(ReadOnlySpan<byte> block) =>
        U32(block, 0) == RecordMagic ? U32(block, 4) : U32(block, 0);

    private static uint U32(ReadOnlySpan<byte> raw, int at) => BinaryPrimitives.ReadUInt32BigEndian(raw[at..]);
}
