using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.SquashFs;

/// <summary>Extended attributes: a table of sets, each a run of names and values in metadata; a value that several sets
/// share is stored once and referred to by the others.</summary>
internal sealed class SquashFsAttributes
{
    private const int TableHeader = 16;
    private const int SetEntry = 16;
    private const int Referred = 0x100;
    private const int PrefixMask = 0xFF;

    // XATTR_LIST_MAX: the kernel hands out no more names and no longer values.
    private const uint MaxLength = 65536;

    private readonly SquashFsVolume _volume;
    private readonly long _sets;
    private readonly long _values;
    private readonly uint _count;

    /// <summary>Reads the table's header.</summary>
    public SquashFsAttributes(SquashFsVolume volume)
    {
        _volume = volume;
        if (volume.Superblock.AttributeTable < 0)
        {
            return;
        }

        Span<byte> header = stackalloc byte[TableHeader];
        volume.ReadRaw(volume.Superblock.AttributeTable, header);
        _values = BinaryPrimitives.ReadInt64LittleEndian(header);
        _count = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        _sets = volume.Superblock.AttributeTable + TableHeader;
        volume.CheckRange(_values, 1);
    }

    public bool Any => _count > 0;

    public ImmutableArray<string> Names(uint set)
    {
        ImmutableArray<string>.Builder names = ImmutableArray.CreateBuilder<string>();
        foreach ((string name, SquashFsCursor _, bool _) in Read(set))
        {
            names.Add(name);
        }

        return names.ToImmutable();
    }

    public byte[]? Find(uint set, string name)
    {
        foreach ((string found, SquashFsCursor cursor, bool referred) in Read(set))
        {
            if (found == name)
            {
                SquashFsCursor value = cursor;
                if (referred)
                {
                    Span<byte> reference = stackalloc byte[12];
                    _volume.ReadMetadata(ref value, reference);
                    value = CursorOf(BinaryPrimitives.ReadInt64LittleEndian(reference[4..]));
                }

                byte[] bytes = new byte[ReadLength(ref value)];
                _volume.ReadMetadata(ref value, bytes);
                return bytes;
            }
        }

        return null;
    }

    private IEnumerable<(string Name, SquashFsCursor Value, bool Referred)> Read(uint set)
    {
        if (set == SquashFsInode.NoAttributes || !Any)
        {
            yield break;
        }

        if (set >= _count)
        {
            ImageFormatException.Throw(SquashFsFileSystem.Id, _sets, $"attribute set {set} is outside {_count} sets");
        }

        byte[] entry = new byte[SetEntry];
        _volume.ReadTable(_sets, set, entry);
        SquashFsCursor cursor = CursorOf(BinaryPrimitives.ReadInt64LittleEndian(entry));
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(entry.AsSpan(8));
        byte[] fields = new byte[4];
        for (long left = MaxLength; count > 0; count--)
        {
            _volume.ReadMetadata(ref cursor, fields);
            int type = BinaryPrimitives.ReadUInt16LittleEndian(fields);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(fields.AsSpan(2));
            left -= length + 1;
            if (left < 0)
            {
                ImageFormatException.Throw(
                    SquashFsFileSystem.Id,
                    cursor.Block,
                    $"the names of attribute set {set} are above {MaxLength} bytes");
            }

            byte[] name = new byte[length];
            _volume.ReadMetadata(ref cursor, name);
            SquashFsCursor value = cursor;
            _volume.SkipMetadata(ref cursor, ReadLength(ref cursor));
            string? prefix = (type & PrefixMask) switch
            {
                0 => "user.",
                1 => "trusted.",
                2 => "security.",
                _ => null,
            };
            if (prefix is not null)
            {
                yield return (prefix + Encoding.UTF8.GetString(name), value, (type & Referred) != 0);
            }
        }
    }

    private uint ReadLength(ref SquashFsCursor cursor)
    {
        Span<byte> raw = stackalloc byte[4];
        _volume.ReadMetadata(ref cursor, raw);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(raw);
        if (length > MaxLength)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id, cursor.Block, $"an attribute value of {length} bytes is above {MaxLength}");
        }

        return length;
    }

    private SquashFsCursor CursorOf(long reference)
    {
        long block = reference >> 16;
        if (block < 0 || block > _volume.Superblock.BytesUsed - _values)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id, _values, $"attribute reference {reference:x} is outside the volume");
        }

        return new(_values + block, (int)(reference & 0xFFFF));
    }
}
