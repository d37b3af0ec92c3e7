using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ext;

/// <summary>Extended attributes: in the inode behind its fields, then in one block of their own. Both hold entries
/// (name, place of the value) that grow upwards and values that grow downwards from the end.</summary>
internal sealed class ExtAttributes
{
    private const uint Magic = 0xEA020000;
    private const int BlockHeader = 32;
    private const int EntryHeader = 16;
    private const int GoodOldLength = 128;

    // XATTR_SIZE_MAX: the kernel hands out no longer ones.
    private const uint MaxValue = 65536;

    private const int IndexAclAccess = 2;
    private const int IndexAclDefault = 3;
    private const int IndexSystem = 7;

    private readonly ExtVolume _volume;
    private readonly byte[] _raw;
    private readonly uint _inode;

    public ExtAttributes(ExtVolume volume, uint inode, byte[] raw)
    {
        _volume = volume;
        _raw = raw;
        _inode = inode;
    }

    /// <summary>Names with their namespace, without those of the file system's own use.</summary>
    public ImmutableArray<string> Names()
    {
        ImmutableArray<string>.Builder names = ImmutableArray.CreateBuilder<string>();
        foreach (Entry entry in All())
        {
            if (NameOf(entry) is { } name)
            {
                names.Add(name);
            }
        }

        return names.ToImmutable();
    }

    /// <summary>Value of an attribute, ACLs in the form that the kernel hands out; null when there is none.</summary>
    public byte[]? Find(string name)
    {
        foreach (Entry entry in All())
        {
            if (NameOf(entry) == name)
            {
                byte[] value = Value(entry);
                return entry.Index is IndexAclAccess or IndexAclDefault
                    ? ExtAcl.ToKernel(value, _volume.OffsetOfInode(_inode))
                    : value;
            }
        }

        return null;
    }

    /// <summary>The part of inline data that is behind the block map.</summary>
    public ReadOnlyMemory<byte> InlineData()
    {
        foreach (Entry entry in InInode())
        {
            if (entry.Index == IndexSystem && entry.Name.Span.SequenceEqual("data"u8))
            {
                return Value(entry);
            }
        }

        return default;
    }

    private static string? NameOf(Entry entry)
    {
        string? prefix = entry.Index switch
        {
            0 => string.Empty,
            1 => "user.",
            IndexAclAccess => "system.posix_acl_access",
            IndexAclDefault => "system.posix_acl_default",
            4 => "trusted.",
            6 => "security.",
            _ => null,
        };
        if (prefix is null)
        {
            return null;
        }

        string name = prefix + Encoding.UTF8.GetString(entry.Name.Span);
        return name.Length == 0 ? null : name;
    }

    private IEnumerable<Entry> All() => InInode().Concat(InBlock());

    private List<Entry> InInode()
    {
        int additional = new ExtInode(_inode, _raw, _volume.Superblock).AdditionalLength;
        int start = GoodOldLength + additional;
        if (additional == 0 || start + 8 > _raw.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(_raw.AsSpan(start)) != Magic)
        {
            return [];
        }

        // Offsets of values count from the first entry.
        return Parse(_raw.AsMemory(start + 4), 0, _volume.OffsetOfInode(_inode) + start + 4);
    }

    private List<Entry> InBlock()
    {
        long block = new ExtInode(_inode, _raw, _volume.Superblock).AttributeBlock;
        if (block == 0)
        {
            return [];
        }

        byte[] bytes = new byte[_volume.BlockSize];
        _volume.ReadBlock(block, _inode, bytes);
        long offset = block << _volume.BlockShift;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8)) != 1)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id, offset, $"the attribute block of inode {_inode} has no header of one block");
        }

        return Parse(bytes, BlockHeader, offset);
    }

    // An entry is at least 16 bytes long, so that their number is bounded by the region.
    private List<Entry> Parse(ReadOnlyMemory<byte> region, int at, long offset)
    {
        List<Entry> entries = [];
        ReadOnlySpan<byte> bytes = region.Span;
        while (at + 4 <= bytes.Length && BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]) != 0)
        {
            int nameLength = bytes[at];
            if (at + EntryHeader + nameLength > bytes.Length)
            {
                ImageFormatException.Throw(
                    ExtFileSystem.Id, offset + at, $"an attribute of inode {_inode} reaches behind its region");
            }

            ReadOnlySpan<byte> entry = bytes[at..];
            entries.Add(new Entry(
                entry[1],
                region.Slice(at + EntryHeader, nameLength),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
                BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]),
                region,
                offset + at));
            at += (EntryHeader + nameLength + 3) & ~3;
        }

        return entries;
    }

    private byte[] Value(Entry entry)
    {
        if (entry.Length > MaxValue)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id, entry.Offset, $"an attribute value of {entry.Length} bytes is above {MaxValue}");
        }

        int length = (int)entry.Length;
        if (entry.ValueInode != 0)
        {
            return ValueFromInode(entry, length);
        }

        if (entry.ValueOffset > entry.Region.Length - length)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id, entry.Offset, $"an attribute value of inode {_inode} is outside its region");
        }

        return entry.Region.Slice(entry.ValueOffset, length).ToArray();
    }

    private byte[] ValueFromInode(Entry entry, int length)
    {
        byte[] raw = _volume.ReadInode(entry.ValueInode);
        ExtInode inode = new(entry.ValueInode, raw, _volume.Superblock);
        if (!inode.Has(ExtInodeFlags.AttributeInode) || inode.Size != entry.Length)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id,
                entry.Offset,
                $"inode {entry.ValueInode} does not hold the attribute's {length} bytes");
        }

        using ExtFileSource content = new(_volume, ExtBlockMap.Of(_volume, inode), entry.ValueInode, length);
        return content.ReadBytes(0, length);
    }

    private readonly record struct Entry(
        int Index,
        ReadOnlyMemory<byte> Name,
        uint Length,
        uint ValueInode,
        int ValueOffset,
        ReadOnlyMemory<byte> Region,
        long Offset);
}
