using System.Buffers;
using System.Numerics;
using Imaged.Blocks;

namespace Imaged.Formats.Shared;

/// <summary>A bitmap of the clusters in use: bit 0 of the first byte is the first one.</summary>
internal static class ClusterBitmap
{
    private const int BufferLength = 65536;

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
}
