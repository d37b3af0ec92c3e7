using System.Buffers.Binary;
using System.Numerics;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ntfs;

/// <summary>The names of a directory: a tree whose root stands in the record of the file and whose other nodes are
/// blocks of an attribute. The blocks in use are read one after the other, without a walk through the tree, so that a
/// damaged one hides no other; a position says which one. Thread-safe.</summary>
internal sealed class NtfsDirectory
{
    private const string IndexName = "$I30";
    private const int RootHeader = 16;
    private const int BlockHeader = 24;
    private const int NodeHeader = 16;

    // Some seven million names; Windows itself becomes slow long before.
    private const int MaxLength = 1 << 30;
    private const int MaxBitmap = MaxLength / NtfsBootSector.MinRecordSize / 8;

    // The root's positions come before those of the blocks.
    private const int RootSpan = NtfsBootSector.MaxRecordSize;

    private readonly NtfsReference _directory;
    private readonly byte[] _root;
    private readonly BlockSource? _blocks;
    private readonly byte[] _bitmap;
    private readonly int _blockSize;

    /// <summary>Opens a directory.</summary>
    /// <exception cref="ImageFormatException">It is none, or damaged.</exception>
    public NtfsDirectory(NtfsVolume volume, NtfsFile file)
    {
        _directory = file.Record.Reference;
        NtfsAttribute? root = file.Find(NtfsAttributeType.IndexRoot, IndexName);
        if (root is not { IsResident: true, Value.Length: >= RootHeader + NodeHeader })
        {
            throw Damage("has no root of an index");
        }

        _root = root.Value.ToArray();
        _bitmap = [];
        uint blockSize = BinaryPrimitives.ReadUInt32LittleEndian(_root.AsSpan(8));
        if (file.FindStream(NtfsAttributeType.IndexAllocation, IndexName) is not { } allocation)
        {
            return;
        }

        if (blockSize is < NtfsBootSector.MinRecordSize or > NtfsBootSector.MaxRecordSize
            || !BitOperations.IsPow2(blockSize) || allocation.Size > MaxLength)
        {
            throw Damage($"has an index of {allocation.Size} bytes in blocks of {blockSize}");
        }

        _blockSize = (int)blockSize;
        _blocks = allocation.Open(isMetadata: true);
        _bitmap = file.FindStream(NtfsAttributeType.Bitmap, IndexName) is { } bitmap
            ? volume.ReadWhole(bitmap, MaxBitmap)
            : throw Damage("has no bitmap of its index");
    }

    /// <summary>Memory that it takes, about, in bytes.</summary>
    public long MemoryBytes => 1024 + _root.Length + _bitmap.Length;

    /// <summary>The entries at and behind a position, in order; then throws when a part was damaged.</summary>
    /// <exception cref="ImageFormatException">A block is damaged.</exception>
    public IEnumerable<NtfsIndexEntry> From(long position)
    {
        ImageFormatException? damage = null;
        List<NtfsIndexEntry> entries = [];
        if (position < RootSpan)
        {
            damage = ReadNode(_root, RootHeader, 0, entries);
            foreach (NtfsIndexEntry entry in entries)
            {
                if (entry.Position >= position)
                {
                    yield return entry;
                }
            }
        }

        long count = _blocks is null ? 0 : Math.Min(_blocks.Length / _blockSize, _bitmap.Length * 8L);
        for (long block = Math.Max(0, position - RootSpan) / Math.Max(_blockSize, 1); block < count; block++)
        {
            if ((_bitmap[block / 8] & (1 << (int)(block % 8))) == 0)
            {
                continue;
            }

            entries.Clear();
            damage = ReadBlock(block, entries) ?? damage;
            foreach (NtfsIndexEntry entry in entries)
            {
                if (entry.Position >= position)
                {
                    yield return entry;
                }
            }
        }

        if (damage is not null)
        {
            throw damage;
        }
    }

    /// <summary>The entry that stands exactly at a position; null when there is none.</summary>
    public NtfsIndexEntry? At(long position)
    {
        List<NtfsIndexEntry> entries = [];
        _ = position < RootSpan
            ? ReadNode(_root, RootHeader, 0, entries)
            : ReadBlock((position - RootSpan) / _blockSize, entries);
        return entries.Find(entry => entry.Position == position);
    }

    private ImageFormatException? ReadBlock(long block, List<NtfsIndexEntry> entries)
    {
        try
        {
            byte[] bytes = _blocks!.ReadBytes(block * _blockSize, _blockSize);
            return bytes.AsSpan().StartsWith("INDX"u8) && NtfsFixup.Apply(bytes)
                ? ReadNode(bytes, BlockHeader, RootSpan + (block * _blockSize), entries)
                : Damage($"has a damaged block {block} of its index");
        }
        catch (ImageFormatException error)
        {
            return error;
        }
    }

    // The entries of the root or a block.
    private ImageFormatException? ReadNode(byte[] node, int header, long position, List<NtfsIndexEntry> entries)
    {
        uint begin = BinaryPrimitives.ReadUInt32LittleEndian(node.AsSpan(header));
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(node.AsSpan(header + 4));
        long end = Math.Min((long)header + length, node.Length);
        for (long at = (long)header + begin; at < end;)
        {
            ReadOnlySpan<byte> rest = node.AsSpan((int)at, (int)(end - at));
            int step = NtfsIndexEntry.Parse(rest, position + at, out NtfsIndexEntry? entry);
            if (step <= 0)
            {
                return step == 0 ? null : Damage("has a damaged entry");
            }

            if (entry is not null)
            {
                entries.Add(entry);
            }

            at += step;
        }

        return Damage("has a node without an end");
    }

    private ImageFormatException Damage(string what) =>
        new(NtfsFileSystem.Id, 0, $"directory {_directory.Number} {what}");
}
