using System.Buffers;
using System.Buffers.Binary;

namespace Imaged.Formats.Ext;

/// <summary>The older block map: 12 block numbers in the inode, then one block of numbers, one of blocks of numbers,
/// and one of blocks of those. The number 0 stands for a hole.</summary>
internal sealed class ExtIndirectMap : ExtBlockMap
{
    private const int Direct = 12;
    private const int Levels = 3;

    private readonly byte[] _root;

    // log2 of the block numbers in a block.
    private readonly int _shift;

    public ExtIndirectMap(ExtVolume volume, uint inode, byte[] root)
        : base(volume, inode)
    {
        _root = root;
        _shift = volume.BlockShift - 2;
    }

    public override ExtRun Find(long block, long wanted)
    {
        if (block < Direct)
        {
            return Run(_root.AsSpan((int)block * 4, (Direct - (int)block) * 4), wanted);
        }

        long rest = block - Direct;
        for (int level = 1; level <= Levels; level++)
        {
            long below = 1L << (_shift * level);
            if (rest < below)
            {
                uint pointer = BinaryPrimitives.ReadUInt32LittleEndian(_root.AsSpan((Direct + level - 1) * 4));
                return Walk(pointer, level, rest, wanted);
            }

            rest -= below;
        }

        return ExtRun.Zero(wanted);
    }

    // Level is the number of blocks of numbers still to be read, rest the block's index below the pointer.
    private ExtRun Walk(uint pointer, int level, long rest, long wanted)
    {
        Span<byte> number = stackalloc byte[4];
        for (; pointer != 0 && level > 1; level--)
        {
            int shift = _shift * (level - 1);
            Volume.ReadInBlock(pointer, (int)(rest >> shift) * 4, Inode, number);
            rest &= (1L << shift) - 1;
            pointer = BinaryPrimitives.ReadUInt32LittleEndian(number);
        }

        if (pointer == 0)
        {
            return ExtRun.Zero(Math.Min(wanted, (1L << (_shift * level)) - rest));
        }

        int count = (int)Math.Min(wanted, (1L << _shift) - rest);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(count * 4);
        try
        {
            Span<byte> numbers = buffer.AsSpan(0, count * 4);
            Volume.ReadInBlock(pointer, (int)rest * 4, Inode, numbers);
            return Run(numbers, wanted);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The run at the beginning of a list of block numbers.
    private ExtRun Run(ReadOnlySpan<byte> numbers, long wanted)
    {
        uint first = BinaryPrimitives.ReadUInt32LittleEndian(numbers);
        int limit = (int)Math.Min(wanted, numbers.Length / 4);
        int count = 1;
        for (; count < limit; count++)
        {
            uint next = BinaryPrimitives.ReadUInt32LittleEndian(numbers[(count * 4)..]);
            if (next != (first == 0 ? 0 : (long)first + count))
            {
                break;
            }
        }

        if (first == 0)
        {
            return ExtRun.Zero(count);
        }

        Volume.OffsetOf(first, count, Inode);
        return new(first, count);
    }
}
