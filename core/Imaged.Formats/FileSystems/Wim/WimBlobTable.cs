using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Wim;

/// <summary>The tables of resources of all parts: the content of files by SHA-1, and the directory trees. Of each entry
/// only a hash is held.</summary>
internal sealed class WimBlobTable
{
    private const int EntryLength = 50;
    private const int BlockLength = 16384;

    // 24 bytes each are needed to make the index, 12 to hold it.
    private const int MaxEntries = 1 << 21;

    // What the length of an entry says that stands for many files stored as one, not for one of those.
    private const long SolidHolder = 1L << 32;

    private readonly List<WimPart> _parts;
    private readonly BlockCache _cache;
    private readonly BlockSource[] _tables;
    private readonly DirectoryIndex<BlockSource[]> _index;

    /// <summary>Reads the tables.</summary>
    /// <exception cref="ImageFormatException">One is damaged.</exception>
    public WimBlobTable(List<WimPart> parts, BlockCache cache)
    {
        _parts = parts;
        _cache = cache;
        _tables = [.. parts.Select(OpenTable)];
        Count = (int)_tables.Sum(table => table.Length / EntryLength);
        List<WimBlob> trees = [];
        List<(ulong Hash, uint Position)> names = new(Count);
        for (int position = 0; position < Count; position++)
        {
            WimBlob blob = Read(position);
            if (blob.Resource.Is(WimResourceFlags.Metadata))
            {
                // Later parts may repeat the trees of the first one.
                if (blob.Part == 0)
                {
                    trees.Add(blob);
                }
            }
            else if (!IsSkipped(blob))
            {
                names.Add((Hash(blob.Digest), (uint)position));
            }
        }

        Trees = trees;
        _index = new(_tables, 0, names, null);
    }

    /// <summary>Number of entries.</summary>
    public int Count { get; }

    /// <summary>The directory tree of every image.</summary>
    public IReadOnlyList<WimBlob> Trees { get; }

    /// <summary>Whether an entry stands for no content of its own.</summary>
    public static bool IsSkipped(in WimBlob blob) =>
        blob.Resource.Is(WimResourceFlags.Free)
        || (blob.Resource.Is(WimResourceFlags.Solid) && blob.Resource.Length == SolidHolder);

    /// <summary>An entry by its place in all tables.</summary>
    public WimBlob Read(int position)
    {
        int part = 0;
        long at = (long)position * EntryLength;
        for (; at >= _tables[part].Length; part++)
        {
            at -= _tables[part].Length;
        }

        Span<byte> raw = stackalloc byte[EntryLength];
        _tables[part].Read(at, raw);
        return new(part, WimResource.Parse(raw), WimDigest.Parse(raw[30..]));
    }

    /// <summary>Looks the content up that has this digest.</summary>
    public bool TryFind(WimDigest digest, out WimBlob blob)
    {
        ulong hash = Hash(digest);
        for (long at = _index.Find(hash, 0); at >= 0; at = _index.Find(hash, at + 1))
        {
            blob = Read((int)at);
            if (blob.Digest == digest)
            {
                return true;
            }
        }

        blob = default;
        return false;
    }

    /// <summary>Opens the content of an entry.</summary>
    /// <exception cref="ImageFormatException">It is outside its part.</exception>
    /// <exception cref="UnsupportedFeatureException">It is stored in a way that is not read.</exception>
    public BlockSource Open(in WimBlob blob) => Open(_parts[blob.Part], blob.Resource);

    private static ulong Hash(WimDigest digest)
    {
        Span<byte> raw = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(raw, digest.First);
        return DirectoryIndex<BlockSource[]>.Hash(raw);
    }

    private BlockSource Open(WimPart part, WimResource resource)
    {
        if (resource.Is(WimResourceFlags.Solid))
        {
            UnsupportedFeatureException.Throw(WimFileSystem.Id, "a solid resource (ESD; wimexport makes it a WIM)");
        }

        if (resource.Is(WimResourceFlags.Spanned))
        {
            UnsupportedFeatureException.Throw(WimFileSystem.Id, "a resource in several parts");
        }

        if (resource.Offset < 0 || resource.End > part.Content.Length)
        {
            ImageFormatException.Throw(
                WimFileSystem.Id,
                resource.Offset,
                $"a resource ends at byte {resource.End} of part {part.Header.Part}, which has {part.Content.Length}");
        }

        if (resource.Is(WimResourceFlags.Compressed))
        {
            return new WimResourceSource(part, resource, _cache);
        }

        if (resource.Length != resource.StoredLength)
        {
            ImageFormatException.Throw(
                WimFileSystem.Id,
                resource.Offset,
                $"a resource of {resource.Length} bytes is stored in {resource.StoredLength}, but not compressed");
        }

        return new SliceSource(part.Content, resource.Offset, resource.Length);
    }

    private BlockSource OpenTable(WimPart part)
    {
        if (part.Header.Table.Length == 0)
        {
            return new MemorySource(Array.Empty<byte>());
        }

        long entries = part.Header.Table.Length / EntryLength;
        if (entries > MaxEntries / part.Header.Parts)
        {
            ImageFormatException.Throw(
                WimFileSystem.Id, 48, $"{entries} entries in the table of part {part.Header.Part} of"
                + $" {part.Header.Parts} are above {MaxEntries} in all");
        }

        // A whole number of entries: then each one is inside one table.
        BlockSource table = Open(part, part.Header.Table);
        return new CachedSource(new SliceSource(table, 0, entries * EntryLength, ownsInner: true), _cache, BlockLength);
    }
}
