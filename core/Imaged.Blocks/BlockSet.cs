using System.Numerics;

namespace Imaged.Blocks;

/// <summary>Which blocks of a volume are wanted: a bitmap of at most 64 MiB whatever the volume's length, in pages that
/// cost nothing while all their blocks are in one state. Where blocks are coarser than what is marked or freed, the set
/// errs on the side of having too much. For one thread; once built, any number may read it.</summary>
public sealed class BlockSet
{
    /// <summary>Smallest block in bytes.</summary>
    public const int MinBlockSize = 512;

    /// <summary>Most blocks that a set distinguishes: 64 MiB of bits.</summary>
    public const long MaxBlocks = 1L << 29;

    private const int PageShift = 15;
    private const int PageBlocks = 1 << PageShift;
    private const int PageWords = PageBlocks / 64;

    // Stands for every page whose blocks are all in the set; none of them is ever written to.
    private static readonly ulong[] Full = CreateFull();

    private readonly int _shift;
    private readonly long _blocks;
    private readonly ulong[]?[] _pages;
    private readonly int[] _counts;

    /// <summary>An empty set.</summary>
    /// <param name="length">Length of the volume in bytes, at least 0.</param>
    /// <param name="blockSize">A power of two in bytes that is fine enough, at least 512; made coarser where the
    /// volume has more than <see cref="MaxBlocks"/> of them.</param>
    public BlockSet(long length, long blockSize = MinBlockSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockSize, MinBlockSize);
        if (!BitOperations.IsPow2(blockSize))
        {
            throw new ArgumentOutOfRangeException(nameof(blockSize), $"{blockSize} is not a power of two");
        }

        Length = length;
        _shift = BitOperations.Log2((ulong)blockSize);
        while (BlocksOf(length) > MaxBlocks)
        {
            _shift++;
        }

        _blocks = BlocksOf(length);
        int pages = (int)((_blocks + PageBlocks - 1) >> PageShift);
        _pages = new ulong[pages][];
        _counts = new int[pages];
    }

    /// <summary>Length of the volume in bytes.</summary>
    public long Length { get; }

    /// <summary>Block size in bytes: a power of two.</summary>
    public long BlockSize => 1L << _shift;

    /// <summary>Bytes in the set; a last block that the volume cuts off counts with what there is of it.</summary>
    public long Count
    {
        get
        {
            long missing = _blocks;
            foreach (int count in _counts)
            {
                missing -= count;
            }

            // What the last block lacks of a whole one is only missing once.
            bool hasLast = missing < _blocks && Has(_blocks - 1);
            return missing == 0 ? Length
                : hasLast ? Length - (missing << _shift)
                : (_blocks - missing) << _shift;
        }
    }

    /// <summary>Adds every block that has a byte of the range.</summary>
    /// <param name="offset">Byte offset.</param>
    /// <param name="length">Bytes; the range lies inside the volume.</param>
    /// <exception cref="ArgumentOutOfRangeException">It does not.</exception>
    public void Mark(long offset, long length)
    {
        CheckRange(offset, length);
        if (length > 0)
        {
            Change(offset >> _shift, ((offset + length - 1) >> _shift) + 1, isMarked: true);
        }
    }

    /// <summary>Takes away every block that lies in the range as a whole. Where blocks are coarser than those of the
    /// volume, adjoining ranges are to be freed as one: the block that they share stays otherwise.</summary>
    /// <param name="offset">Byte offset.</param>
    /// <param name="length">Bytes; the range lies inside the volume.</param>
    /// <exception cref="ArgumentOutOfRangeException">It does not.</exception>
    public void Free(long offset, long length)
    {
        CheckRange(offset, length);

        // What lies behind the end of the volume belongs to nobody.
        long first = BlocksOf(offset);
        long end = offset + length == Length ? _blocks : (offset + length) >> _shift;
        if (first < end)
        {
            Change(first, end, isMarked: false);
        }
    }

    /// <summary>Whether every byte of a range is in the set.</summary>
    /// <param name="offset">Byte offset.</param>
    /// <param name="length">Bytes; the range lies inside the volume.</param>
    /// <exception cref="ArgumentOutOfRangeException">It does not.</exception>
    public bool Contains(long offset, long length)
    {
        CheckRange(offset, length);
        return length == 0 || Find(offset >> _shift, isMarked: false) > (offset + length - 1) >> _shift;
    }

    /// <summary>The bytes in the set as ranges in ascending order, as long as they can be.</summary>
    public IEnumerable<BlockRange> Ranges()
    {
        for (long first = Find(0, isMarked: true); first < _blocks;)
        {
            long end = Find(first, isMarked: false);
            long offset = first << _shift;
            yield return new(offset, (end == _blocks ? Length : end << _shift) - offset);
            first = Find(end, isMarked: true);
        }
    }

    private static ulong[] CreateFull()
    {
        ulong[] page = new ulong[PageWords];
        Array.Fill(page, ulong.MaxValue);
        return page;
    }

    private long BlocksOf(long bytes) => (bytes >> _shift) + ((bytes & ((1L << _shift) - 1)) != 0 ? 1 : 0);

    private bool Has(long block) =>
        _pages[block >> PageShift] is { } page
        && (page[(int)(block & (PageBlocks - 1)) >> 6] >> (int)(block & 63) & 1) != 0;

    private void CheckRange(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"{length} bytes at offset {offset} are not inside a volume of {Length} bytes");
        }
    }

    private void Change(long first, long end, bool isMarked)
    {
        while (first < end)
        {
            int index = (int)(first >> PageShift);
            int from = (int)(first & (PageBlocks - 1));
            int to = (int)Math.Min(PageBlocks, end - ((long)index << PageShift));
            ChangePage(index, from, to, isMarked);
            first += to - from;
        }
    }

    private void ChangePage(int index, int from, int to, bool isMarked)
    {
        // Blocks of the page that the volume has: fewer in the last one, which never becomes full but for them.
        int blocks = (int)Math.Min(PageBlocks, _blocks - ((long)index << PageShift));
        if (_counts[index] == (isMarked ? blocks : 0))
        {
            return;
        }

        if (from == 0 && to == blocks)
        {
            _pages[index] = isMarked ? Full : null;
            _counts[index] = isMarked ? blocks : 0;
            return;
        }

        ulong[] page = Writable(index);
        int change = 0;
        for (int word = from >> 6; word <= (to - 1) >> 6; word++)
        {
            int low = Math.Max(from - (word << 6), 0);
            int high = Math.Min(to - (word << 6), 64);
            ulong mask = (ulong.MaxValue >> (64 - high)) & (ulong.MaxValue << low);
            ulong old = page[word];
            page[word] = isMarked ? old | mask : old & ~mask;
            change += BitOperations.PopCount(page[word]) - BitOperations.PopCount(old);
        }

        _counts[index] += change;
        if (_counts[index] == 0 || _counts[index] == blocks)
        {
            _pages[index] = _counts[index] == 0 ? null : Full;
        }
    }

    private ulong[] Writable(int index)
    {
        if (_pages[index] is { } page && page != Full)
        {
            return page;
        }

        ulong[] own = new ulong[PageWords];
        if (_pages[index] is not null)
        {
            // Of a page that the volume cuts off, what lies behind it is never looked at, and counts for nothing.
            int blocks = (int)Math.Min(PageBlocks, _blocks - ((long)index << PageShift));
            own.AsSpan(0, blocks >> 6).Fill(ulong.MaxValue);
            if ((blocks & 63) != 0)
            {
                own[blocks >> 6] = (1ul << (blocks & 63)) - 1;
            }
        }

        return _pages[index] = own;
    }

    // First block from this one on that is in the set, or is not; the number of blocks when there is none.
    private long Find(long block, bool isMarked)
    {
        while (block < _blocks)
        {
            int index = (int)(block >> PageShift);
            ulong[]? page = _pages[index];
            if (page is null || page == Full)
            {
                if (page is not null == isMarked)
                {
                    return block;
                }

                block = (long)(index + 1) << PageShift;
                continue;
            }

            int word = (int)(block & (PageBlocks - 1)) >> 6;
            ulong bits = (isMarked ? page[word] : ~page[word]) >> (int)(block & 63);
            if (bits != 0)
            {
                return Math.Min(block + BitOperations.TrailingZeroCount(bits), _blocks);
            }

            block = (block & ~63L) + 64;
        }

        return _blocks;
    }
}
