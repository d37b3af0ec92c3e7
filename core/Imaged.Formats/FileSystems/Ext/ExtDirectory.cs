using System.Buffers;
using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ext;

/// <summary>A name in a directory.</summary>
/// <param name="Inode">What it stands for; not checked.</param>
/// <param name="TypeCode">Type as the directory has it, 0 when it has none.</param>
/// <param name="Name">The bytes of the name.</param>
/// <param name="End">Byte position in the directory just behind the entry.</param>
internal readonly record struct ExtDirectoryEntry(uint Inode, byte TypeCode, ReadOnlyMemory<byte> Name, long End);

/// <summary>A directory: blocks of entries, each with its own length, none across a block. Blocks of the hash index
/// look like unused entries, so that reading all blocks in order lists every name once. Small ones may be in the inode:
/// then their positions count through the part in the block map and the part in the attribute.</summary>
internal sealed class ExtDirectory
{
    private const int EntryHeader = 8;

    // Inline directories begin with the parent's inode number in place of the entries for . and ..
    private const int InlineHeader = 4;

    private readonly ExtVolume _volume;
    private readonly uint _inode;
    private readonly long _blocks;
    private readonly ExtBlockMap? _map;
    private readonly ReadOnlyMemory<byte> _inlineFirst;
    private readonly ReadOnlyMemory<byte> _inlineSecond;
    private readonly bool _indexed;

    public ExtDirectory(ExtVolume volume, uint number)
    {
        _volume = volume;
        _inode = number;
        byte[] raw = volume.ReadInode(number);
        ExtInode inode = new(number, raw, volume.Superblock);
        if (inode.Type != FileType.Directory)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id, volume.OffsetOfInode(number), $"inode {number} is no directory");
        }

        if (inode.Has(ExtInodeFlags.Encrypted))
        {
            UnsupportedFeatureException.Throw(ExtFileSystem.Id, $"encryption (directory inode {number})");
        }

        if (inode.Has(ExtInodeFlags.InlineData))
        {
            _inlineFirst = inode.Map[InlineHeader..].ToArray();
            _inlineSecond = new ExtAttributes(volume, number, raw).InlineData();
            return;
        }

        _map = ExtBlockMap.Of(volume, inode);
        _blocks = (long)Math.Min(inode.Size, long.MaxValue) >> volume.BlockShift;
        _indexed = inode.Has(ExtInodeFlags.Indexed) && !inode.Has(ExtInodeFlags.CaseFolded);
    }

    /// <summary>Number of blocks.</summary>
    public long Blocks => _blocks;

    /// <summary>All entries that are in use from a position on, <c>.</c> and <c>..</c> included.</summary>
    public IEnumerable<ExtDirectoryEntry> List(long from)
    {
        if (_map is null)
        {
            IEnumerable<ExtDirectoryEntry> second = Entries(_inlineSecond, _inlineFirst.Length, from);
            foreach (ExtDirectoryEntry entry in Entries(_inlineFirst, 0, from).Concat(second))
            {
                yield return entry;
            }

            yield break;
        }

        long block = from >> _volume.BlockShift;

        // A hostile map can name the same blocks again and again; no directory has more blocks than its volume.
        long budget = _volume.Blocks + 1;
        while (block < _blocks)
        {
            ExtRun run = _map.Find(block, _blocks - block);
            if (run.IsZero)
            {
                Spend(ref budget);
                block += run.Count;
                continue;
            }

            for (long i = 0; i < run.Count; i++, block++)
            {
                Spend(ref budget);
                byte[] bytes = new byte[_volume.BlockSize];
                _volume.ReadBlock(run.Physical + i, _inode, bytes);
                foreach (ExtDirectoryEntry entry in Entries(bytes, block << _volume.BlockShift, from))
                {
                    yield return entry;
                }
            }
        }
    }

    /// <summary>Looks a name up, by the hash index when there is a sound one.</summary>
    /// <returns>The inode number; 0 when there is no such name.</returns>
    public uint Find(ReadOnlySpan<byte> name)
    {
        if (_map is null)
        {
            uint found = FindIn(_inlineFirst.Span, 0, name);
            return found != 0 ? found : FindIn(_inlineSecond.Span, _inlineFirst.Length, name);
        }

        if (_indexed && ExtHashIndex.TryFind(this, _volume.Superblock, name, out uint inode))
        {
            return inode;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(_volume.BlockSize);
        try
        {
            Span<byte> bytes = buffer.AsSpan(0, _volume.BlockSize);
            long budget = _volume.Blocks + 1;
            for (long block = 0; block < _blocks;)
            {
                ExtRun run = _map.Find(block, _blocks - block);
                for (long i = 0; i < run.Count && !run.IsZero; i++)
                {
                    Spend(ref budget);
                    _volume.ReadBlock(run.Physical + i, _inode, bytes);
                    uint found = FindIn(bytes, (block + i) << _volume.BlockShift, name);
                    if (found != 0)
                    {
                        return found;
                    }
                }

                Spend(ref budget);
                block += run.Count;
            }

            return 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads a block of the directory.</summary>
    /// <returns>False when there is none: behind the end, or a hole.</returns>
    public bool TryReadBlock(long block, Span<byte> destination)
    {
        if (_map is null || block >= _blocks)
        {
            return false;
        }

        ExtRun run = _map.Find(block, 1);
        if (run.IsZero)
        {
            return false;
        }

        _volume.ReadBlock(run.Physical, _inode, destination);
        return true;
    }

    /// <summary>Looks a name up in one block.</summary>
    /// <returns>The inode number; 0 when it is not there.</returns>
    public uint FindIn(ReadOnlySpan<byte> bytes, long position, ReadOnlySpan<byte> name)
    {
        for (int at = 0; at + EntryHeader <= bytes.Length;)
        {
            int length = EntryLength(bytes, at, position);
            if (bytes[at + 6] == name.Length && bytes.Slice(at + EntryHeader, name.Length).SequenceEqual(name))
            {
                uint inode = BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
                if (inode != 0)
                {
                    return inode;
                }
            }

            at += length;
        }

        return 0;
    }

    private IEnumerable<ExtDirectoryEntry> Entries(ReadOnlyMemory<byte> bytes, long position, long from)
    {
        for (int at = 0; at + EntryHeader <= bytes.Length;)
        {
            int length = EntryLength(bytes.Span, at, position);
            uint inode = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[at..]);
            int nameLength = bytes.Span[at + 6];
            byte type = _volume.Superblock.Has(ExtIncompatible.FileType) ? bytes.Span[at + 7] : (byte)0;
            if (inode != 0 && nameLength > 0 && position + at >= from)
            {
                yield return new(inode, type, bytes.Slice(at + EntryHeader, nameLength), position + at + length);
            }

            at += length;
        }
    }

    // Length of the entry at a place. With 64 KiB blocks that of the whole block does not fit into 16 bits: 0 and 65535
    // stand for it, and the lower two bits hold bits 16 and 17.
    private int EntryLength(ReadOnlySpan<byte> bytes, int at, long position)
    {
        int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(at + 4)..]);
        if (_volume.BlockSize == 65536)
        {
            length = length is 0 or 65535 ? 65536 : (length & 0xFFFC) | ((length & 3) << 16);
        }

        if (length % 4 != 0 || length < EntryHeader + bytes[at + 6] || length > bytes.Length - at)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id,
                _volume.OffsetOfInode(_inode),
                $"directory inode {_inode} has an entry of {length} bytes at its byte {position + at}");
        }

        return length;
    }

    private void Spend(ref long budget)
    {
        if (--budget < 0)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id,
                _volume.OffsetOfInode(_inode),
                $"directory inode {_inode} has more blocks than the volume");
        }
    }
}
