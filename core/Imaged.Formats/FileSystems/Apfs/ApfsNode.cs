using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apfs;

/// <summary>A node of a B-tree (Apple File System Reference, "B-Trees"): a header, a table of contents, keys from there
/// on, values from the end back.</summary>
internal sealed class ApfsNode
{
    /// <summary>Longest path from a root to a leaf.</summary>
    public const int MaxLevel = 16;

    private const int DataOffset = 56;
    private const int InfoLength = 40;
    private const int RootKind = 2;
    private const int NodeKind = 3;
    private const ushort RootFlag = 1;
    private const ushort LeafFlag = 2;
    private const ushort FixedFlag = 4;
    private const ushort UnknownFlags = 0x7ff8;

    private readonly byte[] _bytes;
    private readonly ushort _flags;
    private readonly int _keys;
    private readonly int _valuesEnd;
    private readonly int _fixedKeyLength;

    /// <summary>Checks a node.</summary>
    /// <param name="address">Its block.</param>
    /// <param name="bytes">The block.</param>
    /// <param name="fixedKeyLength">Bytes of a key where they are all alike, and of a value in a leaf; 0 where they are
    /// not.</param>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">It belongs to a sealed volume.</exception>
    public ApfsNode(ulong address, byte[] bytes, int fixedKeyLength)
    {
        Address = address;
        _bytes = bytes;
        _fixedKeyLength = fixedKeyLength;
        _flags = UInt16(32);
        Level = UInt16(34);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(36));
        int table = DataOffset + UInt16(40);
        int tableLength = UInt16(42);
        _keys = table + tableLength;
        _valuesEnd = bytes.Length - ((_flags & RootFlag) != 0 ? InfoLength : 0);
        if (ApfsBlocks.Kind(bytes) is not (RootKind or NodeKind) || Level > MaxLevel
            || IsLeaf != (Level == 0) || (_flags & FixedFlag) != 0 != (fixedKeyLength > 0))
        {
            ImageFormatException.Throw(ApfsFileSystem.Id, 0, $"block {address} is no node of its tree");
        }

        if ((_flags & UnknownFlags) != 0)
        {
            throw new UnsupportedFeatureException(ApfsFileSystem.Id, $"a tree with flags {_flags:x4}");
        }

        if (_keys > _valuesEnd || count > (uint)tableLength / (uint)EntryLength)
        {
            ImageFormatException.Throw(ApfsFileSystem.Id, 0, $"the node in block {address} has {count} records");
        }

        Count = (int)count;
        Table = table;
    }

    /// <summary>Its block.</summary>
    public ulong Address { get; }

    /// <summary>0 for a leaf, else one more than its children's.</summary>
    public int Level { get; }

    /// <summary>Records.</summary>
    public int Count { get; }

    /// <summary>Whether it is a leaf.</summary>
    public bool IsLeaf => (_flags & LeafFlag) != 0;

    private int Table { get; }

    private int EntryLength => _fixedKeyLength > 0 ? 4 : 8;

    /// <summary>Key and value of a record.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public ReadOnlySpan<byte> Read(int index, out ReadOnlySpan<byte> value)
    {
        int keyOffset = 0;
        int keyLength = -1;
        int valueOffset = 0;
        int valueLength = 0;
        if (index >= 0 && index < Count)
        {
            int entry = Table + (index * EntryLength);
            bool isFixed = _fixedKeyLength > 0;
            keyOffset = _keys + UInt16(entry);
            keyLength = isFixed ? _fixedKeyLength : UInt16(entry + 2);
            valueOffset = _valuesEnd - UInt16(entry + (isFixed ? 2 : 4));
            valueLength = !isFixed ? UInt16(entry + 6) : IsLeaf ? _fixedKeyLength : sizeof(ulong);
        }

        if (keyLength < 0 || keyOffset + keyLength > _valuesEnd
            || valueOffset < _keys || valueOffset + valueLength > _valuesEnd)
        {
            ImageFormatException.Throw(
                ApfsFileSystem.Id, 0, $"the node in block {Address} has no record {index}, or it is damaged");
        }

        value = _bytes.AsSpan(valueOffset, valueLength);
        return _bytes.AsSpan(keyOffset, keyLength);
    }

    private ushort UInt16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(offset));
}
