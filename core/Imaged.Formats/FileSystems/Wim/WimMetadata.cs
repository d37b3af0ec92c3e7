using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Wim;

/// <summary>The directory tree of one image: security descriptors, then entries. All its directories are walked once
/// when it is opened, for what no entry tells: how many names a file has, and whether directories contain
/// themselves.</summary>
internal sealed class WimMetadata : IDisposable
{
    // A tree of two million files; it is bounded because what is found in it is held.
    private const long MaxLength = 256 << 20;
    private const int MinEntryLength = 104;
    private const int MaxDescriptors = 1 << 20;
    private const int MaxDescriptorLength = 65536;

    private readonly BlockSource _tree;
    private readonly long[] _descriptors;

    // Directories whose children are those of another one.
    private readonly HashSet<long> _shared = [];
    private readonly Dictionary<(ulong Group, WimDigest Digest), (long First, uint Count)> _links = [];

    /// <summary>Takes over the tree.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public WimMetadata(BlockSource tree)
    {
        _tree = tree;
        if (tree.Length > MaxLength)
        {
            ImageFormatException.Throw(
                WimFileSystem.Id, 0, $"the tree has {tree.Length} bytes, which is above {MaxLength}");
        }

        (_descriptors, RootOffset) = ReadDescriptors(tree);
        WimEntry root = Read(RootOffset);
        if ((root.Attributes & WimAttributes.Directory) == 0)
        {
            ImageFormatException.Throw(WimFileSystem.Id, RootOffset, "the root is no directory");
        }

        Walk(root);
    }

    /// <summary>Byte offset of the root.</summary>
    public long RootOffset { get; }

    /// <summary>Number of entries, the root included.</summary>
    public int Count { get; private set; } = 1;

    /// <summary>Reads an entry.</summary>
    /// <exception cref="ImageFormatException">There is none, or it is damaged.</exception>
    public WimEntry Read(long offset) =>
        WimEntry.Read(_tree, offset)
        ?? throw new ImageFormatException(WimFileSystem.Id, offset, "there is no entry");

    /// <summary>The entries of a directory from an offset on.</summary>
    public IEnumerable<WimEntry> List(long offset)
    {
        for (WimEntry? entry; (entry = WimEntry.Read(_tree, offset)) is not null; offset = entry.Next)
        {
            yield return entry;
        }
    }

    /// <summary>Throws for a directory whose children belong to another one.</summary>
    public void CheckChildren(WimEntry directory)
    {
        if (_shared.Contains(directory.Offset))
        {
            ImageFormatException.Throw(
                WimFileSystem.Id, directory.Offset, "the entries of the directory are those of another one");
        }
    }

    /// <summary>Where the first of several names of a file stands, and how many there are.</summary>
    public (long First, uint Count) LinksOf(WimEntry entry) =>
        entry.LinkGroup != 0 && _links.TryGetValue(LinkKey(entry), out (long First, uint Count) links)
            ? links
            : (entry.Offset, 1);

    /// <summary>The security descriptor of an entry; null when it has none.</summary>
    public byte[]? DescriptorOf(WimEntry entry)
    {
        if (entry.Security < 0 || entry.Security >= _descriptors.Length - 1)
        {
            return null;
        }

        long begin = _descriptors[entry.Security];
        long length = _descriptors[entry.Security + 1] - begin;
        if (length is <= 0 or > MaxDescriptorLength || begin > _tree.Length - length)
        {
            return null;
        }

        return _tree.ReadBytes(begin, (int)length);
    }

    /// <inheritdoc/>
    public void Dispose() => _tree.Dispose();

    private static (ulong Group, WimDigest Digest) LinkKey(WimEntry entry) =>
        (entry.LinkGroup, entry.Streams[0].Digest);

    // Their whole length, their number, the length of each; then they. The list gets their offsets and one behind the
    // last.
    private static (long[] Descriptors, long End) ReadDescriptors(BlockSource tree)
    {
        const int Header = 8;
        Span<byte> raw = stackalloc byte[Header];
        if (tree.ReadUpTo(0, raw) < Header)
        {
            ImageFormatException.Throw(WimFileSystem.Id, 0, "the tree is cut off");
        }

        long length = BinaryPrimitives.ReadUInt32LittleEndian(raw);
        long count = BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]);
        if (count > MaxDescriptors || Header + (count * sizeof(ulong)) > tree.Length || length > tree.Length)
        {
            ImageFormatException.Throw(
                WimFileSystem.Id, 0, $"{count} security descriptors in {length} of {tree.Length} bytes");
        }

        byte[] lengths = tree.ReadBytes(Header, (int)count * sizeof(ulong));
        long[] offsets = new long[count + 1];
        offsets[0] = Header + lengths.Length;
        for (int i = 0; i < count; i++)
        {
            ulong part = BinaryPrimitives.ReadUInt64LittleEndian(lengths.AsSpan(i * sizeof(ulong)));
            offsets[i + 1] = Math.Min(tree.Length, offsets[i] + (long)Math.Min(part, (ulong)tree.Length));
        }

        // A length of 0 means that there is nothing but the header.
        return (offsets, (Math.Max(length, Header) + 7) & ~7L);
    }

    private void Walk(WimEntry root)
    {
        HashSet<long> lists = [];
        Stack<WimEntry> open = new([root]);
        while (open.TryPop(out WimEntry? directory))
        {
            if (directory.Children == 0)
            {
                continue;
            }

            if (!lists.Add(directory.Children))
            {
                _shared.Add(directory.Offset);
                continue;
            }

            try
            {
                foreach (WimEntry entry in List(directory.Children))
                {
                    if (++Count > _tree.Length / MinEntryLength)
                    {
                        ImageFormatException.Throw(WimFileSystem.Id, entry.Offset, "directories share entries");
                    }

                    Note(entry);
                    if ((entry.Attributes & WimAttributes.Directory) != 0)
                    {
                        open.Push(entry);
                    }
                }
            }
            catch (ImageFormatException) when (Count <= _tree.Length / MinEntryLength)
            {
                // The others are good; who lists this one gets the error.
            }
        }
    }

    private void Note(WimEntry entry)
    {
        if (entry.LinkGroup != 0)
        {
            ref (long First, uint Count) links = ref CollectionsMarshal
                .GetValueRefOrAddDefault(_links, LinkKey(entry), out bool isKnown);
            links = (isKnown ? links.First : entry.Offset, links.Count + 1);
        }
    }
}
