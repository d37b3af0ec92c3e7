using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Mds;

/// <summary>A descriptor in memory, whose fields are found by their offsets. Numbers are little-endian. What lies
/// behind its end is an error.</summary>
/// <param name="bytes">The descriptor, from the signature on.</param>
internal sealed class MdsBytes(byte[] bytes)
{
    /// <summary>Bytes of it.</summary>
    public int Length => bytes.Length;

    public byte Byte(long offset) => Slice(offset, 1)[0];

    public ushort UInt16(long offset) => BinaryPrimitives.ReadUInt16LittleEndian(Slice(offset, 2));

    public uint UInt32(long offset) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(offset, 4));

    public int Int32(long offset) => BinaryPrimitives.ReadInt32LittleEndian(Slice(offset, 4));

    public ulong UInt64(long offset) => BinaryPrimitives.ReadUInt64LittleEndian(Slice(offset, 8));

    public long Int64(long offset) => BinaryPrimitives.ReadInt64LittleEndian(Slice(offset, 8));

    /// <summary>A field.</summary>
    /// <exception cref="ImageFormatException">It does not lie in the descriptor.</exception>
    public ReadOnlySpan<byte> Slice(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > bytes.Length - length)
        {
            ImageFormatException.Throw(
                MdsFormat.Id,
                offset,
                $"a field of {length} bytes lies behind the end of the descriptor of {bytes.Length}");
        }

        return bytes.AsSpan((int)offset, (int)length);
    }
}
