using System.Buffers.Binary;
using Imaged.Blocks;

namespace Imaged.Formats.Xfs;

/// <summary>Whether a log has anything to be replayed that the maps of free space do not have. Its end is found as the
/// kernel does it (fs/xfs/xfs_log_recover.c, xlog_find_tail). Nothing is missing if the last record is that of an
/// unmount, or if all records that are still needed hold the superblock alone: so a file system leaves its log when it
/// is frozen, for a snapshot (fs/xfs/xfs_log.c, xfs_log_cover).</summary>
internal sealed class XfsLog
{
    private const int BlockSize = XfsLogRecord.BlockSize;

    // Eight buffers of 256 KiB may have been written in any order when the machine stopped.
    private const int MaxUnordered = 8 * 256 * 1024 / BlockSize;

    // Two records cover a log.
    private const int MaxCovered = 1024;

    private const byte StartFlag = 1;
    private const byte CommitFlag = 2;
    private const byte UnmountFlag = 0x20;
    private const byte TransactionClient = 0x69;
    private const int OperationHeader = 12;
    private const uint TransactionMagic = 0x5452414e;
    private const ushort UnmountType = 0x556e;
    private const ushort BufferItem = 0x123c;

    private readonly BlockSource _volume;
    private readonly long _offset;
    private readonly long _blocks;

    private XfsLog(BlockSource volume, XfsSuperblock superblock)
    {
        _volume = volume;
        _offset = superblock.LogOffset;
        _blocks = superblock.LogLength / BlockSize;
    }

    /// <summary>Whether the volume is what it would be after its log was replayed, but for the superblock.</summary>
    public static bool HasNothingNew(BlockSource volume, XfsSuperblock superblock)
    {
        XfsLog log = new(volume, superblock);
        return log._blocks > 8 && log._offset + superblock.LogLength <= volume.Length && log.HasNothingNew();
    }

    private bool HasNothingNew()
    {
        uint cycle = Cycle(0);
        if (cycle == 0)
        {
            return false;
        }

        // Blocks of one turn through the log have one number. Those that the last turn has not reached yet have the
        // number before, or zero.
        long head = Cycle(_blocks - 1) == cycle ? _blocks : FindChange(cycle);
        return IsOrdered(head, Math.Min(head, MaxUnordered), cycle)
            && (head >= MaxUnordered || head == _blocks
                || IsOrdered(_blocks, Math.Min(_blocks - head, MaxUnordered - head), Cycle(_blocks - 1)))
            && FindLast(head) is { } last
            && (IsUnmount(last) || IsCovered(last, head));
    }

    // First block whose number is another one than the first block's.
    private long FindChange(uint cycle)
    {
        long low = 0;
        long high = _blocks - 1;
        while (high - low > 1)
        {
            long middle = low + ((high - low) / 2);
            (low, high) = Cycle(middle) == cycle ? (middle, high) : (low, middle);
        }

        return high;
    }

    private bool IsOrdered(long end, long count, uint cycle)
    {
        byte[] raw = _volume.ReadBytes(_offset + ((end - count) * BlockSize), (int)count * BlockSize);
        for (int at = 0; at < raw.Length; at += BlockSize)
        {
            if (CycleOf(raw.AsSpan(at)) != cycle)
            {
                return false;
            }
        }

        return true;
    }

    // The record that ends with the block before: it may begin before the end of the log and go on at its beginning.
    private XfsLogRecord? FindLast(long head)
    {
        for (long count = 2; count <= Math.Min(MaxUnordered, _blocks); count++)
        {
            if (ReadRecord((head - count + _blocks) % _blocks) is { } record)
            {
                return record.Length == count ? record : null;
            }
        }

        return null;
    }

    // Of an unmount there is one operation, padded to what the log is written in.
    private bool IsUnmount(XfsLogRecord record)
    {
        Span<byte> operation = stackalloc byte[OperationHeader + sizeof(ushort)];
        _volume.Read(_offset + ((record.Block + record.Headers) % _blocks * BlockSize), operation);
        ushort type = BinaryPrimitives.ReadUInt16LittleEndian(operation[OperationHeader..]);
        return record.Operations == 1 && (operation[9] & UnmountFlag) != 0
            && (type == UnmountType || BinaryPrimitives.ReverseEndianness(type) == UnmountType);
    }

    private bool IsCovered(XfsLogRecord last, long head)
    {
        long rest = (head - last.TailBlock + _blocks) % _blocks;
        if (last.TailBlock >= _blocks || rest > MaxCovered)
        {
            return false;
        }

        uint cycle = last.TailCycle;
        while (rest > 0)
        {
            long block = (head - rest + _blocks) % _blocks;
            if (ReadRecord(block) is not { } record || record.Cycle != cycle || record.Length > rest
                || !HasSuperblockOnly(record))
            {
                return false;
            }

            // The first record of the next turn may begin anywhere near the beginning of the log.
            cycle = block + record.Length >= _blocks ? cycle + 1 : cycle;
            rest -= record.Length;
        }

        return true;
    }

    private bool HasSuperblockOnly(XfsLogRecord record)
    {
        if (!record.IsLittleEndian)
        {
            return false;
        }

        // What follows is padding, or too much for the superblock.
        byte[] body = new byte[Math.Min(record.Blocks, XfsLogRecord.MaxWords) * BlockSize];
        for (int i = 0; i < body.Length / BlockSize; i++)
        {
            long block = (record.Block + record.Headers + i) % _blocks;
            _volume.Read(_offset + (block * BlockSize), body.AsSpan(i * BlockSize, BlockSize));
            record.FirstWords.AsSpan(4 * i, 4).CopyTo(body.AsSpan(i * BlockSize));
        }

        return HasSuperblockOnly(body, record.Operations);
    }

    // A transaction: an operation that starts it, one with its header, then of each item one with its description and
    // as many with what it changes as that says, and one that commits it.
    private static bool HasSuperblockOnly(ReadOnlySpan<byte> body, uint operations)
    {
        bool isHeaderNext = false;
        int changes = 0;
        for (uint i = 0; i < operations; i++)
        {
            if (body.Length < OperationHeader)
            {
                return false;
            }

            uint length = U32(body, 4);
            byte client = body[8];
            byte flags = body[9];
            body = body[OperationHeader..];
            if (length > body.Length || client != TransactionClient
                || (flags is not 0 && (length != 0 || changes != 0)))
            {
                return false;
            }

            ReadOnlySpan<byte> data = body[..(int)length];
            body = body[(int)length..];
            switch (flags)
            {
                case StartFlag:
                    isHeaderNext = true;
                    break;
                case CommitFlag:
                    break;
                case 0 when isHeaderNext:
                    isHeaderNext = false;
                    if (length < 16 || BinaryPrimitives.ReadUInt32LittleEndian(data) != TransactionMagic)
                    {
                        return false;
                    }

                    break;
                case 0 when changes > 0:
                    changes--;
                    break;
                case 0 when IsSuperblockItem(data):
                    changes = BinaryPrimitives.ReadUInt16LittleEndian(data[2..]) - 1;
                    break;
                default:
                    return false;
            }
        }

        return changes == 0;
    }

    // Type, number of parts with this one, flags, sectors, number of the first one.
    private static bool IsSuperblockItem(ReadOnlySpan<byte> data) => data.Length >= 16
        && BinaryPrimitives.ReadUInt16LittleEndian(data) == BufferItem
        && BinaryPrimitives.ReadUInt16LittleEndian(data[2..]) > 0
        && BinaryPrimitives.ReadUInt64LittleEndian(data[8..]) == 0;

    private XfsLogRecord? ReadRecord(long block)
    {
        Span<byte> raw = stackalloc byte[BlockSize];
        _volume.Read(_offset + (block * BlockSize), raw);
        return XfsLogRecord.TryParse(raw, block);
    }

    private uint Cycle(long block)
    {
        Span<byte> raw = stackalloc byte[8];
        _volume.Read(_offset + (block * BlockSize), raw);
        return CycleOf(raw);
    }

    private static uint CycleOf(ReadOnlySpan<byte> block) =>
        U32(block, 0) == XfsLogRecord.Magic ? U32(block, 4) : U32(block, 0);

    private static uint U32(ReadOnlySpan<byte> raw, int at) => BinaryPrimitives.ReadUInt32BigEndian(raw[at..]);
}
