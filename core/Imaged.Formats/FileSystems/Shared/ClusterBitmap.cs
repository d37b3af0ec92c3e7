using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using Imaged.Blocks;

namespace Imaged.Formats.Shared;

/// <summary>A bitmap of the clusters in use: bit 0 of the first byte is the first one.</summary>
internal static class ClusterBitmap
{
    private const int BufferLength = 65536;

    // Bytes that are read at a time of a bitmap from which clusters are marked: more than a disk needs to be fast.
    private const int MarkLength = 1 << 20;

    /// <summary>Number of bits that are clear.</summary>
    /// <param name="bitmap">At least so many bits.</param>
    /// <param name="count">Bits that count.</param>
    public static long CountClear(BlockSource bitmap, long count)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            long used = 0;
            for (long bit = 0; bit < count; bit += BufferLength * 8L)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(BufferLength, (count - bit + 7) / 8));
                bitmap.Read(bit / 8, part);
                if (count - bit < part.Length * 8L)
                {
                    part[^1] &= (byte)((1 << (int)((count - bit) % 8)) - 1);
                }

                foreach (byte value in part)
                {
                    used += BitOperations.PopCount(value);
                }
            }

            return count - used;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>An empty set for the clusters of a volume, with blocks as large as their places allow.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="offset">Byte offset of the first cluster.</param>
    /// <param name="clusterSize">Bytes of a cluster.</param>
    public static BlockSet NewSet(BlockSource volume, long offset, long clusterSize)
    {
        long blockSize = 1L << BitOperations.TrailingZeroCount(offset | clusterSize);
        return new(volume.Length, Math.Max(blockSize, BlockSet.MinBlockSize));
    }

    /// <summary>Marks the clusters whose bit is set.</summary>
    /// <param name="used">Where to mark them; what lies behind the volume is left out.</param>
    /// <param name="bitmap">The bits.</param>
    /// <param name="count">Bits that count: at most as many as there are.</param>
    /// <param name="offset">Byte offset in the volume of the cluster of the first bit.</param>
    /// <param name="clusterSize">Bytes of a cluster.</param>
    /// <returns>Number of bits that are set.</returns>
    public static long Mark(BlockSet used, ReadOnlySpan<byte> bitmap, long count, long offset, long clusterSize)
    {
        long marked = 0;
        for (long first = Find(bitmap, 0, count, 0); first < count;)
        {
            long end = Find(bitmap, first, count, ulong.MaxValue);
            marked += end - first;
            long begin = offset + (first * clusterSize);
            long length = Math.Min(offset + (end * clusterSize), used.Length) - begin;
            if (length > 0)
            {
                used.Mark(begin, length);
            }

            first = Find(bitmap, end, count, 0);
        }

        return marked;
    }

    /// <summary>As the other, of a bitmap that is read piece by piece.</summary>
    /// <param name="used">Where to mark them.</param>
    /// <param name="bitmap">At least as many bits as count.</param>
    /// <param name="count">Bits that count.</param>
    /// <param name="offset">Byte offset in the volume of the cluster of the first bit.</param>
    /// <param name="clusterSize">Bytes of a cluster.</param>
    /// <param name="isBigEndian">Whether the first cluster is the highest bit of the first byte.</param>
    /// <returns>Number of bits that are set.</returns>
    public static long Mark(
        BlockSet used, BlockSource bitmap, long count, long offset, long clusterSize, bool isBigEndian = false)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(MarkLength, (count + 7) / 8));
        try
        {
            long marked = 0;
            for (long bit = 0; bit < count; bit += MarkLength * 8L)
            {
                long bits = Math.Min(MarkLength * 8L, count - bit);
                Span<byte> part = buffer.AsSpan(0, (int)((bits + 7) / 8));
                bitmap.Read(bit / 8, part);
                if (isBigEndian)
                {
                    ReverseBits(part);
                }

                marked += Mark(used, part, bits, offset + (bit * clusterSize), clusterSize);
            }

            return marked;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // First bit from this one on that differs from those of the pattern; the count when there is none.
    private static long Find(ReadOnlySpan<byte> bitmap, long bit, long count, ulong pattern)
    {
        while (bit < count)
        {
            ulong bits = (ReadWord(bitmap[((int)(bit / 64) * 8)..]) ^ pattern) >> (int)(bit % 64);
            if (bits != 0)
            {
                return Math.Min(bit + BitOperations.TrailingZeroCount(bits), count);
            }

            bit = (bit | 63) + 1;
        }

        return count;
    }

    private static ulong ReadWord(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= 8)
        {
            return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        }

        Span<byte> word = stackalloc byte[8];
        word.Clear();
        bytes.CopyTo(word);
        return BinaryPrimitives.ReadUInt64LittleEndian(word);
    }

    private static void ReverseBits(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            int value = bytes[i];
            value = ((value & 0x55) << 1) | ((value >> 1) & 0x55);
            value = ((value & 0x33) << 2) | ((value >> 2) & 0x33);
            bytes[i] = (byte)(((value & 0x0f) << 4) | (value >> 4));
        }
    }
}
