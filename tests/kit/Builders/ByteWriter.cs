using System.Buffers.Binary;
using System.Text;

namespace Imaged.TestKit.Builders;

/// <summary>Writes the tables of hand-made images field by field.</summary>
/// <param name="isBigEndian">Order of the bytes of a number.</param>
public sealed class ByteWriter(bool isBigEndian = false)
{
    private readonly MemoryStream _bytes = new();

    /// <summary>Bytes so far.</summary>
    public int Length => (int)_bytes.Length;

    public byte[] ToArray() => _bytes.ToArray();

    public ByteWriter U8(params int[] values)
    {
        foreach (int value in values)
        {
            _bytes.WriteByte((byte)value);
        }

        return this;
    }

    public ByteWriter U16(long value) => Number(value, 2);

    public ByteWriter U32(long value) => Number(value, 4);

    public ByteWriter U64(long value) => Number(value, 8);

    public ByteWriter Zeros(int count) => Bytes(new byte[count]);

    public ByteWriter Text(string text, int length = 0) =>
        Bytes(Encoding.ASCII.GetBytes(text)).Zeros(Math.Max(0, length - text.Length));

    public ByteWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>Fills with zeros up to a length.</summary>
    public ByteWriter PadTo(int length) => Zeros(length - Length);

    private ByteWriter Number(long value, int length)
    {
        Span<byte> bytes = stackalloc byte[8];
        if (isBigEndian)
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes, value);
            return Bytes(bytes[(8 - length)..]);
        }

        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Bytes(bytes[..length]);
    }
}
