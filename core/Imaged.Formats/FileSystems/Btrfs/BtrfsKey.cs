using System.Buffers.Binary;

namespace Imaged.Formats.Btrfs;

/// <summary>What the items of a tree are sorted by.</summary>
/// <param name="Object">Number of the object, or an address.</param>
/// <param name="Type">Type of the item.</param>
/// <param name="Offset">What it means depends on the type.</param>
internal readonly record struct BtrfsKey(ulong Object, byte Type, ulong Offset) : IComparable<BtrfsKey>
{
    /// <summary>Bytes of a key.</summary>
    public const int Length = 17;

    public static BtrfsKey Parse(ReadOnlySpan<byte> raw) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(raw), raw[8], BinaryPrimitives.ReadUInt64LittleEndian(raw[9..]));

    public int CompareTo(BtrfsKey other)
    {
        int order = Object.CompareTo(other.Object);
        order = order != 0 ? order : Type.CompareTo(other.Type);
        return order != 0 ? order : Offset.CompareTo(other.Offset);
    }
}
