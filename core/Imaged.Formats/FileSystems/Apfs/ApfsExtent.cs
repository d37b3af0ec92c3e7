using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apfs;

/// <summary>A run of a file's bytes (j_file_extent_val).</summary>
/// <param name="Offset">Byte offset in the file.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Stored">Byte offset in the container; -1 where nothing is stored and the bytes are zero.</param>
internal readonly record struct ApfsExtent(long Offset, long Length, long Stored)
{
    private const ulong LengthMask = 0x00ff_ffff_ffff_ffff;
    private const ulong MaxOffset = 1ul << 62;

    /// <summary>Reads one.</summary>
    /// <param name="key">What stands behind the header of the key.</param>
    /// <param name="value">The value.</param>
    /// <param name="blockSize">Bytes of a block.</param>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public static ApfsExtent Parse(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, int blockSize)
    {
        if (key.Length < sizeof(ulong) || value.Length < 16)
        {
            ImageFormatException.Throw(ApfsFileSystem.Id, 0, $"an extent has {key.Length} and {value.Length} bytes");
        }

        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(key);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(value) & LengthMask;
        ulong block = BinaryPrimitives.ReadUInt64LittleEndian(value[8..]);
        if (offset > MaxOffset || block > MaxOffset / (ulong)blockSize)
        {
            ImageFormatException.Throw(ApfsFileSystem.Id, 0, $"an extent stands at {offset}, in block {block}");
        }

        return new((long)offset, (long)length, block == 0 ? -1 : (long)block * blockSize);
    }
}
