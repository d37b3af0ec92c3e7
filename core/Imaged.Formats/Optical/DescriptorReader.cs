using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical;

/// <summary>Walks through a descriptor in memory field by field: the tables of disc images whose fields have no fixed
/// offsets. Numbers are little-endian. A field that is not there whole is an error.</summary>
internal ref struct DescriptorReader
{
    private readonly string _format;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly long _origin;

    /// <summary>A reader at the beginning of <paramref name="bytes"/>.</summary>
    /// <param name="format">Id of the format, for errors.</param>
    /// <param name="bytes">The descriptor.</param>
    /// <param name="origin">Byte offset of the descriptor in its file, for errors.</param>
    public DescriptorReader(string format, ReadOnlySpan<byte> bytes, long origin)
    {
        _format = format;
        _bytes = bytes;
        _origin = origin;
    }

    /// <summary>Where the next field begins, counted from the beginning of the descriptor.</summary>
    public int Position { readonly get; private set; }

    /// <summary>Where the next field begins in the file.</summary>
    public readonly long FileOffset => _origin + Position;

    /// <summary>Bytes that are left.</summary>
    public readonly int Remaining => _bytes.Length - Position;

    /// <summary>The bytes that are left, without taking them.</summary>
    public readonly ReadOnlySpan<byte> Rest => _bytes[Position..];

    /// <summary>The next bytes.</summary>
    /// <exception cref="ImageFormatException">Fewer are left.</exception>
    public ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > Remaining)
        {
            ImageFormatException.Throw(
                _format, FileOffset, $"the descriptor ends after {Remaining} of the {count} bytes that are to follow");
        }

        ReadOnlySpan<byte> taken = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }

    /// <summary>Leaves bytes out.</summary>
    public void Skip(long count) => _ = Take(count);

    /// <summary>A number of one byte.</summary>
    public byte Byte() => Take(1)[0];

    /// <summary>A number of two bytes.</summary>
    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    /// <summary>A number of four bytes.</summary>
    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <summary>A number of four bytes with a sign.</summary>
    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));
}
