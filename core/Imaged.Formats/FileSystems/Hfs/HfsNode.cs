using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Hfs;

/// <summary>A node of a B-tree (TN1150, "Node Structure"): a descriptor, records, and at the end the offsets of
/// these.</summary>
/// <param name="Number">Its number in the tree.</param>
/// <param name="Bytes">All of it.</param>
/// <param name="Layout">Of the file system.</param>
internal readonly record struct HfsNode(uint Number, byte[] Bytes, HfsLayout Layout)
{
    /// <summary>Kind of a leaf.</summary>
    public const byte Leaf = 0xff;

    /// <summary>Kind of a node whose records point to others.</summary>
    public const byte Index = 0;

    /// <summary>Kind of the first node.</summary>
    public const byte Header = 1;

    private const int DescriptorLength = 14;

    /// <summary>What its records are.</summary>
    public byte Kind => Bytes[8];

    /// <summary>The node of the same kind behind it; 0 for none.</summary>
    public uint Next => BinaryPrimitives.ReadUInt32BigEndian(Bytes);

    /// <summary>Records.</summary>
    public int Count => BinaryPrimitives.ReadUInt16BigEndian(Bytes.AsSpan(10));

    /// <summary>Key of a record, without its length, and data behind it.</summary>
    /// <param name="index">Below <see cref="Count"/>.</param>
    /// <param name="keyRoom">Bytes that a key takes when that does not depend on its length; 0 when it does.</param>
    /// <param name="data">What stands behind the key.</param>
    /// <exception cref="ImageFormatException">The record is damaged.</exception>
    public ReadOnlySpan<byte> Read(int index, int keyRoom, out ReadOnlySpan<byte> data)
    {
        int table = Bytes.Length - (2 * (Count + 1));
        int at = Bytes.Length - (2 * (index + 1));
        if (index < 0 || index >= Count || table < DescriptorLength)
        {
            ImageFormatException.Throw(Layout.Format, 0, $"node {Number} has no record {index}");
        }

        int begin = BinaryPrimitives.ReadUInt16BigEndian(Bytes.AsSpan(at));
        int end = BinaryPrimitives.ReadUInt16BigEndian(Bytes.AsSpan(at - 2));
        if (begin < DescriptorLength || end < begin + 2 || end > table)
        {
            ImageFormatException.Throw(
                Layout.Format, 0, $"record {index} of node {Number} goes from {begin} to {end}");
        }

        ReadOnlySpan<byte> record = Bytes.AsSpan(begin, end - begin);
        int prefix = Layout.KeyLengthSize;
        int length = prefix == 1 ? record[0] : BinaryPrimitives.ReadUInt16BigEndian(record);
        int dataOffset = (prefix + (keyRoom == 0 ? length : keyRoom) + 1) & ~1;
        if (length + prefix > dataOffset || dataOffset > record.Length)
        {
            ImageFormatException.Throw(
                Layout.Format, 0, $"record {index} of node {Number} has a key of {length} bytes");
        }

        data = record[dataOffset..];
        return record.Slice(prefix, length);
    }
}
