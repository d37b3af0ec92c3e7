using System.Runtime.InteropServices;
using Imaged.Blocks;

namespace Imaged.Formats.Images.AndroidSparse;

/// <summary>Four bytes again and again.</summary>
internal sealed class FillSource : BlockSource
{
    private readonly uint _value;

    /// <summary>Makes the bytes up.</summary>
    /// <param name="value">The four bytes as a number, little endian.</param>
    /// <param name="length">Length in bytes.</param>
    public FillSource(uint value, long length)
    {
        _value = BitConverter.IsLittleEndian ? value : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);
        Length = length;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        uint value = _value;
        ReadOnlySpan<byte> pattern = MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value));
        while (!destination.IsEmpty && offset % 4 != 0)
        {
            destination[0] = pattern[(int)(offset % 4)];
            destination = destination[1..];
            offset++;
        }

        int whole = destination.Length / 4 * 4;
        MemoryMarshal.Cast<byte, uint>(destination[..whole]).Fill(value);
        pattern[..(destination.Length - whole)].CopyTo(destination[whole..]);
    }
}
