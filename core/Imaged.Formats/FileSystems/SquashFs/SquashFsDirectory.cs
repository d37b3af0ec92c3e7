using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.SquashFs;

/// <summary>A name in a directory.</summary>
/// <param name="Reference">Reference of the inode.</param>
/// <param name="Number">Its number, as the directory has it.</param>
/// <param name="Type">Its type, likewise.</param>
/// <param name="Name">The bytes of the name.</param>
/// <param name="Cookie">Where to go on behind the entry.</param>
internal readonly record struct SquashFsEntry(long Reference, uint Number, FileType Type, byte[] Name, long Cookie);

/// <summary>A directory's listing: runs of at most 256 entries, each run with a header that says which inode block its
/// entries refer to. A cookie is the position of the next entry and, in its lower 20 bits, the distance back to the
/// header of its run. Long listings have an index: for some headers their position, block and first name.</summary>
internal sealed class SquashFsDirectory
{
    private const int CookieShift = 20;
    private const int HeaderLength = 12;
    private const int EntryLength = 8;
    private const int IndexLength = 12;
    private const int MaxRun = 256;
    private const int MaxName = 256;

    // The size of a directory counts the entries . and .. that are not stored.
    private const int Unstored = 3;

    private readonly SquashFsVolume _volume;
    private readonly SquashFsInode _inode;
    private readonly long _length;

    public SquashFsDirectory(SquashFsVolume volume, SquashFsInode inode)
    {
        _volume = volume;
        _inode = inode;
        _length = Math.Max(0, inode.Size - Unstored);
    }

    private SquashFsCursor Start => new(_volume.Superblock.DirectoryTable + _inode.Start, (int)_inode.Offset);

    /// <summary>The entries from a cookie on.</summary>
    public IEnumerable<SquashFsEntry> List(long cookie)
    {
        long from = cookie >> CookieShift;
        long header = from - (cookie & ((1 << CookieShift) - 1));
        if (from >= _length || header < 0)
        {
            return [];
        }

        // A run of 256 names at most is between the header and the entry.
        (SquashFsCursor cursor, long position) = SeekByPosition(header);
        _volume.SkipMetadata(ref cursor, header - position);
        return Scan(cursor, header, from);
    }

    /// <summary>Looks a name up; entries are sorted by the bytes of their names.</summary>
    public bool TryFind(ReadOnlySpan<byte> name, out long reference)
    {
        (SquashFsCursor cursor, long position) = SeekByName(name);
        foreach (SquashFsEntry entry in Scan(cursor, position, position))
        {
            if (name.SequenceEqual(entry.Name))
            {
                reference = entry.Reference;
                return true;
            }

            // The kernel too goes by the first byte only.
            if (entry.Name[0] > name[0])
            {
                break;
            }
        }

        reference = 0;
        return false;
    }

    private IEnumerable<SquashFsEntry> Scan(SquashFsCursor cursor, long position, long from)
    {
        byte[] header = new byte[HeaderLength];
        byte[] fields = new byte[EntryLength];
        while (position < _length)
        {
            long run = position;
            _volume.ReadMetadata(ref cursor, header);
            position += HeaderLength;
            long count = BinaryPrimitives.ReadUInt32LittleEndian(header) + 1L;
            if (count > MaxRun)
            {
                Throw(cursor, $"a directory run of {count} entries is above {MaxRun}");
            }

            long block = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4));
            uint number = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8));
            for (; count > 0 && position < _length; count--)
            {
                _volume.ReadMetadata(ref cursor, fields);
                int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(fields.AsSpan(6)) + 1;
                if (nameLength > MaxName)
                {
                    Throw(cursor, $"a name of {nameLength} bytes is above {MaxName}");
                }

                position += EntryLength + nameLength;
                if (position <= from)
                {
                    _volume.SkipMetadata(ref cursor, nameLength);
                    continue;
                }

                byte[] name = new byte[nameLength];
                _volume.ReadMetadata(ref cursor, name);
                yield return new(
                    (block << 16) | BinaryPrimitives.ReadUInt16LittleEndian(fields),
                    unchecked(number + (uint)BinaryPrimitives.ReadInt16LittleEndian(fields.AsSpan(2))),
                    SquashFsInode.TypeOf(BinaryPrimitives.ReadUInt16LittleEndian(fields.AsSpan(4))),
                    name,
                    (position << CookieShift) | (count == 1 ? 0 : position - run));
            }
        }
    }

    // The last header in the index that is not behind a position.
    private (SquashFsCursor Cursor, long Position) SeekByPosition(long target)
    {
        (SquashFsCursor Cursor, long Position) best = (Start, 0);
        foreach ((SquashFsCursor cursor, long position, byte[] _) in Index())
        {
            if (position > target)
            {
                break;
            }

            best = (cursor, position);
        }

        return best;
    }

    // The last header in the index whose first name is not behind a name.
    private (SquashFsCursor Cursor, long Position) SeekByName(ReadOnlySpan<byte> name)
    {
        (SquashFsCursor Cursor, long Position) best = (Start, 0);
        foreach ((SquashFsCursor cursor, long position, byte[] first) in Index())
        {
            if (name.SequenceCompareTo(first) < 0)
            {
                break;
            }

            best = (cursor, position);
        }

        return best;
    }

    private IEnumerable<(SquashFsCursor Cursor, long Position, byte[] Name)> Index()
    {
        byte[] fields = new byte[IndexLength];
        SquashFsCursor cursor = _inode.Behind;
        for (int i = 0; i < _inode.IndexEntries; i++)
        {
            _volume.ReadMetadata(ref cursor, fields);
            long position = BinaryPrimitives.ReadUInt32LittleEndian(fields);
            long block = BinaryPrimitives.ReadUInt32LittleEndian(fields.AsSpan(4));
            long nameLength = BinaryPrimitives.ReadUInt32LittleEndian(fields.AsSpan(8)) + 1L;
            if (nameLength > MaxName)
            {
                Throw(cursor, $"a name of {nameLength} bytes in a directory index is above {MaxName}");
            }

            byte[] name = new byte[nameLength];
            _volume.ReadMetadata(ref cursor, name);

            // Blocks hold 8192 decoded bytes each, and the listing begins in the middle of one.
            int offset = (int)((_inode.Offset + position) % SquashFsSuperblock.MetadataLength);
            yield return (new(_volume.Superblock.DirectoryTable + block, offset), position, name);
        }
    }

    private static void Throw(SquashFsCursor cursor, string message) =>
        ImageFormatException.Throw(SquashFsFileSystem.Id, cursor.Block, message);
}
