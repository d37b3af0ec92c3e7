using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Iso9660;

/// <summary>One tree of a volume. The id of a node is the byte offset of its (first) directory record in the volume;
/// that of the root, whose record stands in a descriptor, is 1.</summary>
internal sealed class Iso9660Tree : FileTree
{
    private const ulong RootId = 1;

    // More than two million records; the largest directories known have a hundredth of that.
    private const long MaxDirectoryLength = 64 << 20;

    // Names of entries are cut from shared arrays of this length.
    private const int NameSlabLength = 8192;

    private readonly IsoTreeChoice _choice;
    private readonly IsoLayout _layout;
    private readonly BlockCache _cache;
    private readonly IsoDirectory _root;
    private readonly DirectoryIndexCache<IsoDirectory> _indices = new();

    /// <summary>A tree over a volume that stays the caller's.</summary>
    public Iso9660Tree(VolumeInfo volume, IsoTreeChoice choice, BlockCache cache)
    {
        Volume = volume;
        _choice = choice;
        _layout = choice.Layout;
        _cache = cache;
        IsoNode root = ReadRoot();
        _root = root.Directory;
        Root = root.ToNodeInfo(RootId, _layout.BlockSize);
    }

    /// <inheritdoc/>
    public override VolumeInfo Volume { get; }

    /// <inheritdoc/>
    public override NodeInfo Root { get; }

    /// <inheritdoc/>
    public override TreeStatistics Statistics => new(Volume.Length, 0, 0, _layout.BlockSize);

    /// <inheritdoc/>
    public override NodeInfo GetNode(ulong node) =>
        node == RootId ? Root : ReadNode(node).ToNodeInfo(node, _layout.BlockSize);

    /// <inheritdoc/>
    public override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        DirectoryIndex<IsoDirectory> index = _indices.Get(directory, MakeIndex);
        long position = index.Find(DirectoryIndex<IsoDirectory>.Hash(name), 0);
        if (position >= 0)
        {
            ulong id = (ulong)(index.Content.Offset + position);
            IsoNode found = ReadNode(id);
            if (found.NameSpan.SequenceEqual(name))
            {
                node = found.ToNodeInfo(id, _layout.BlockSize);
                return true;
            }
        }

        index.ThrowIfDamaged(Iso9660FileSystem.Id);
        node = default;
        return false;
    }

    /// <inheritdoc/>
    public override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cookie);
        DirectoryIndex<IsoDirectory> index = _indices.Get(directory, MakeIndex);
        return cookie >= index.Content.Length ? [] : ReadDirectory(index.Content, index.Hidden, cookie);
    }

    /// <inheritdoc/>
    public override BlockSource OpenFile(ulong node)
    {
        IsoNode file = ReadNode(node, sections: []);
        if (file.Type != FileType.Regular)
        {
            ImageFormatException.Throw(Iso9660FileSystem.Id, (long)node, "the node is not a regular file");
        }

        return IsoFile.Open(_layout, file, _cache);
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> ReadLink(ulong node)
    {
        byte[] target = new byte[IsoNode.MaxLinkLength];
        IsoNode link = ReadNode(node, link: target);
        if (link.Type != FileType.SymbolicLink || link.Rock.LinkLength is < 1 or > IsoNode.MaxLinkLength)
        {
            ImageFormatException.Throw(
                Iso9660FileSystem.Id, (long)node, $"a link's target of {link.Rock.LinkLength} bytes is not 1 to 4095");
        }

        Memory<byte> text = target.AsMemory(0, (int)link.Rock.LinkLength);
        text.Span.Replace((byte)0, (byte)'_');
        return text;
    }

    private IEnumerable<DirectoryEntry> ReadDirectory(IsoDirectory place, HashSet<uint>? hidden, long cookie)
    {
        byte[] slab = [];
        int used = 0;
        using IsoEntryReader reader = OpenDirectory(place, cookie);
        while (reader.TryRead())
        {
            IsoNode node = reader.Node;
            if (!IsVisible(node, place) || hidden?.Contains((uint)(node.Offset - place.Offset)) == true)
            {
                continue;
            }

            Resolve(node);
            if (used > slab.Length - node.NameLength)
            {
                slab = new byte[NameSlabLength];
                used = 0;
            }

            Memory<byte> name = slab.AsMemory(used, node.NameLength);
            used += node.NameLength;
            node.NameSpan.CopyTo(name.Span);
            NodeInfo info = node.ToNodeInfo((ulong)node.Offset, _layout.BlockSize);
            yield return new(name, info, node.End - place.Offset);
        }

        ThrowIfCut(place);
    }

    private IsoNode ReadNode(ulong id, List<IsoSection>? sections = null, byte[]? link = null)
    {
        BlockSource volume = _layout.Volume;
        if (id > (ulong)volume.Length)
        {
            ImageFormatException.Throw(Iso9660FileSystem.Id, 0, $"there is no node {id}");
        }

        using IsoEntryReader reader = new(_layout, (long)id, volume.Length, IsoRecord.SectorSize);
        reader.Node.Sections = sections;
        reader.Node.Link = link;
        if (id == RootId || !reader.TryReadHere())
        {
            ImageFormatException.Throw(Iso9660FileSystem.Id, (long)id, $"there is no node {id}");
        }

        Resolve(reader.Node);
        return reader.Node;
    }

    // The root's attributes stand in its record of itself; its place in the descriptor.
    private IsoNode ReadRoot()
    {
        IsoLayout layout = _layout with { SystemUseSkip = _choice.RootSystemUseSkip };
        IsoNode root = new() { IsDirectory = true };
        if (_choice.IsPlausible)
        {
            using IsoEntryReader reader = new(layout, _choice.Root.Offset, layout.Volume.Length, IsoRecord.SectorSize);
            if (reader.TryReadHere())
            {
                root = reader.Node;
            }
        }

        root.Directory = _choice.Root;
        return root;
    }

    private IsoDirectory Locate(ulong id)
    {
        IsoDirectory place = _root;
        if (id != RootId)
        {
            IsoNode node = ReadNode(id);
            if (!node.IsDirectory)
            {
                ImageFormatException.Throw(Iso9660FileSystem.Id, (long)id, "the node is not a directory");
            }

            place = node.Directory;
        }

        // Some writers left the length out where a directory is named, but not in the directory itself.
        Span<byte> raw = stackalloc byte[IsoRecord.HeaderLength + 1];
        if (place.Length == 0 && IsoTreeChoice.TryReadSelf(_layout, place.Offset, raw, out IsoRecord self))
        {
            place = place with { Length = self.DataLength };
        }

        if (place.Length > MaxDirectoryLength)
        {
            ImageFormatException.Throw(
                Iso9660FileSystem.Id, (long)id, $"a directory of {place.Length} bytes is above {MaxDirectoryLength}");
        }

        if (place.Length == 0 || place.Offset < 0 || place.Offset >= _layout.Volume.Length)
        {
            ImageFormatException.Throw(
                Iso9660FileSystem.Id, (long)id, $"the directory at byte {place.Offset} is not inside the volume");
        }

        return place;
    }

    private IsoEntryReader OpenDirectory(IsoDirectory place, long position)
    {
        long end = Math.Min(place.Offset + place.Length, _layout.Volume.Length);
        return new(_layout, Math.Min(place.Offset + position, end), end, IsoEntryReader.Window);
    }

    private void ThrowIfCut(IsoDirectory place)
    {
        if (place.Offset + place.Length > _layout.Volume.Length)
        {
            ImageFormatException.Throw(
                Iso9660FileSystem.Id, _layout.Volume.Length, "the directory goes on behind the end");
        }
    }

    private DirectoryIndex<IsoDirectory> MakeIndex(ulong directory)
    {
        IsoDirectory place = Locate(directory);
        List<(ulong Hash, uint Position)> names = [];
        ImageFormatException? damage = null;
        try
        {
            using IsoEntryReader reader = OpenDirectory(place, 0);
            while (reader.TryRead())
            {
                if (IsVisible(reader.Node, place))
                {
                    ulong hash = DirectoryIndex<IsoDirectory>.Hash(reader.Node.NameSpan);
                    names.Add((hash, (uint)(reader.Node.Offset - place.Offset)));
                }
            }

            ThrowIfCut(place);
        }
        catch (ImageFormatException error)
        {
            damage = error;
        }

        return new(place, 0, names, damage, hidesEquals: true);
    }

    // Hidden are: what stands for a directory that is shown elsewhere, the place where such directories are kept when
    // nothing else is in it, and directories that are their own child or the root.
    private bool IsVisible(IsoNode node, IsoDirectory parent)
    {
        if (node.Rock.IsRelocated)
        {
            return false;
        }

        if (node.IsDirectory && (node.Directory.Offset == parent.Offset || node.Directory.Offset == _root.Offset))
        {
            return false;
        }

        return !node.IsDirectory || _layout.Scheme != IsoScheme.RockRidge || parent.Offset != _root.Offset
            || !IsRelocationFolder(node);
    }

    private bool IsRelocationFolder(IsoNode node)
    {
        ReadOnlySpan<byte> name = node.NameSpan;
        if (!name.SequenceEqual("rr_moved"u8)
            && !name.SequenceEqual(".rr_moved"u8)
            && !name.SequenceEqual("RR_MOVED"u8))
        {
            return false;
        }

        IsoDirectory place = node.Directory;
        if (place.Length is 0 or > MaxDirectoryLength || place.Offset < 0 || place.Offset >= _layout.Volume.Length)
        {
            return false;
        }

        using IsoEntryReader reader = OpenDirectory(place, 0);
        bool any = false;
        while (reader.TryRead())
        {
            any = true;
            if (!reader.Node.Rock.IsRelocated)
            {
                return false;
            }
        }

        return any;
    }

    // A record with CL stands for a directory elsewhere: that one's attributes are in its record of itself.
    private void Resolve(IsoNode node)
    {
        if (node.Rock.ChildBlock == 0)
        {
            return;
        }

        long offset = _layout.OffsetOf(node.Rock.ChildBlock);
        node.IsDirectory = true;
        node.Directory = new(offset, 0);
        if (offset == _root.Offset || !IsoTreeChoice.IsDirectory(_layout, offset))
        {
            return;
        }

        using IsoEntryReader reader = new(_layout, offset, _layout.Volume.Length, IsoRecord.SectorSize);
        if (reader.TryReadHere())
        {
            node.Rock = reader.Node.Rock;
            node.Recorded = reader.Node.Recorded;
            node.Directory = reader.Node.Directory;
        }
    }
}
