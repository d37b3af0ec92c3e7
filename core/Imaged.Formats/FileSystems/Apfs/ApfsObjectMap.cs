using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apfs;

/// <summary>An object map (Apple File System Reference, "Object Maps"): the blocks of virtual objects, by id and
/// transaction. Thread-safe.</summary>
internal sealed class ApfsObjectMap
{
    private const int Kind = 11;
    private const int KeyLength = 16;
    private const uint Deleted = 1;
    private const uint Unreadable = 4 | 8; // encrypted, without a header

    private readonly ApfsBTree _tree;
    private readonly ulong _transaction;

    /// <summary>Opens a map.</summary>
    /// <param name="blocks">The container.</param>
    /// <param name="address">Block of the map.</param>
    /// <param name="transaction">The newest transaction that counts.</param>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public ApfsObjectMap(ApfsBlocks blocks, ulong address, ulong transaction)
    {
        byte[] raw = blocks.ReadObject(address);
        if (ApfsBlocks.Kind(raw) != Kind)
        {
            ImageFormatException.Throw(ApfsFileSystem.Id, 0, $"block {address} is no object map");
        }

        _transaction = transaction;
        _tree = new ApfsBTree(blocks, BinaryPrimitives.ReadUInt64LittleEndian(raw.AsSpan(48)), KeyLength, null);
    }

    /// <summary>Block of an object.</summary>
    /// <exception cref="ImageFormatException">There is none, or the map is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">The object is encrypted.</exception>
    public ulong Find(ulong id)
    {
        if (_tree.FindLast(key => Compare(key, id)) is { } found)
        {
            ReadOnlySpan<byte> key = found.Node.Read(found.Index, out ReadOnlySpan<byte> value);
            uint flags = BinaryPrimitives.ReadUInt32LittleEndian(value);
            if (BinaryPrimitives.ReadUInt64LittleEndian(key) == id && (flags & Deleted) == 0)
            {
                return (flags & Unreadable) == 0
                    ? BinaryPrimitives.ReadUInt64LittleEndian(value[8..])
                    : throw new UnsupportedFeatureException(ApfsFileSystem.Id, "encryption of metadata");
            }
        }

        throw new ImageFormatException(ApfsFileSystem.Id, 0, $"there is no object {id:x}");
    }

    private int Compare(ReadOnlySpan<byte> key, ulong id)
    {
        int order = BinaryPrimitives.ReadUInt64LittleEndian(key).CompareTo(id);
        return order != 0 ? order : BinaryPrimitives.ReadUInt64LittleEndian(key[8..]).CompareTo(_transaction);
    }
}
