using System.Buffers.Binary;
using Imaged.Blocks;

namespace Imaged.Formats.Images.Bzip2;

/// <summary>The bits of a file, the highest of each byte first, with a window of the file in memory. For one
/// thread.</summary>
internal sealed class Bzip2Bits
{
    private const int WindowLength = 1 << 20;
    private const int Padding = 16;

    private readonly BlockSource _file;
    private readonly byte[] _window = new byte[WindowLength + Padding];
    private long _windowOffset;
    private int _windowLength;

    /// <summary>Does not own the file.</summary>
    public Bzip2Bits(BlockSource file)
    {
        _file = file;
    }

    /// <summary>Reads up to 57 bits; zeros behind the end of the file.</summary>
    public ulong Read(long bit, int count)
    {
        ReadOnlySpan<byte> bytes = Load(bit >> 3, 8);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes) << (int)(bit & 7) >> (64 - count);
    }

    /// <summary>Finds the next mark of a block or of a stream's end.</summary>
    /// <param name="from">First bit at which it may stand.</param>
    /// <param name="end">Bit behind the last one at which it may begin.</param>
    /// <param name="mark">Which.</param>
    /// <returns>Its first bit; -1 when there is none.</returns>
    public long FindMark(long from, long end, out ulong mark)
    {
        const ulong Mask = (1UL << Bzip2Stream.MarkBits) - 1;
        end = Math.Min(end, (_file.Length * 8) - Bzip2Stream.MarkBits + 1);
        for (long at = from >> 3; at * 8 < end;)
        {
            ReadOnlySpan<byte> bytes = Load(at, WindowLength / 2);
            int count = (int)Math.Min(bytes.Length - 8, ((end + 7) >> 3) - at);
            for (int i = 0; i < count; i++)
            {
                ulong word = BinaryPrimitives.ReadUInt64BigEndian(bytes[i..]);
                for (int shift = 0; shift < 8; shift++)
                {
                    mark = (word >> (16 - shift)) & Mask;
                    long bit = ((at + i) * 8) + shift;
                    if ((mark == Bzip2Stream.BlockMark || mark == Bzip2Stream.EndMark) && bit >= from && bit < end)
                    {
                        return bit;
                    }
                }
            }

            at += count;
        }

        mark = 0;
        return -1;
    }

    /// <summary>Makes a stream of its own of one block.</summary>
    /// <param name="from">First bit of its mark.</param>
    /// <param name="end">Bit behind its last one.</param>
    public byte[] Extract(long from, long end)
    {
        long count = end - from;
        byte[] stream = new byte[Bzip2Stream.HeaderLength + (int)((count + 7) / 8) + 16];
        "BZh9"u8.CopyTo(stream);
        int at = Bzip2Stream.HeaderLength;
        for (long bit = from; bit < end; bit += 32)
        {
            ulong word = Read(bit, 32);
            if (end - bit < 32)
            {
                word = word >> (int)(32 - (end - bit)) << (int)(32 - (end - bit));
            }

            BinaryPrimitives.WriteUInt32BigEndian(stream.AsSpan(at), (uint)word);
            at += 4;
        }

        // The checksum of a stream with one block is that of the block.
        long to = (Bzip2Stream.HeaderLength * 8) + count;
        Put(stream, ref to, Bzip2Stream.EndMark, Bzip2Stream.MarkBits);
        Put(stream, ref to, Read(from + Bzip2Stream.MarkBits, Bzip2Stream.CheckBits), Bzip2Stream.CheckBits);
        return stream[..(int)((to + 7) / 8)];
    }

    private static void Put(byte[] stream, ref long to, ulong value, int count)
    {
        for (int i = count - 1; i >= 0; i--, to++)
        {
            stream[to >> 3] |= (byte)(((value >> i) & 1) << (int)(7 - (to & 7)));
        }
    }

    // At least so many bytes from an offset on, those behind the end of the file as zeros.
    private ReadOnlySpan<byte> Load(long offset, int count)
    {
        if (offset < _windowOffset || offset + count > _windowOffset + _windowLength + Padding - 8)
        {
            _windowOffset = offset;
            _windowLength = _file.ReadUpTo(offset, _window.AsSpan(0, WindowLength));
            _window.AsSpan(_windowLength).Clear();
        }

        int from = (int)(offset - _windowOffset);
        return _window.AsSpan(from, Math.Max(count, _windowLength - from + 8));
    }
}
