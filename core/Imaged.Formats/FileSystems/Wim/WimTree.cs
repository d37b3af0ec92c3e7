using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Wim;

/// <summary>The files of one image of a WIM. The id of a node is the byte offset of its entry in the image's tree; a
/// cookie is that of the next entry. Names are found by their exact case.</summary>
internal sealed class WimTree : FileTree
{
    // What ntfs-3g calls it.
    private const string DescriptorName = "system.ntfs_acl";

    private const ushort DirectoryPermissions = 0x1ed;
    private const ushort FilePermissions = 0x1a4;
    private const ushort WriteBits = 0x92;
    private const ushort AllPermissions = 0xfff;

    private readonly WimBlobTable _blobs;
    private readonly WimMetadata _metadata;
    private readonly DirectoryIndexCache<long> _indices = new();

    /// <summary>Takes over the tree of an image.</summary>
    public WimTree(WimBlobTable blobs, WimMetadata metadata, VolumeInfo info)
    {
        _blobs = blobs;
        _metadata = metadata;
        Volume = info;
        Root = NodeOf(metadata.Read(metadata.RootOffset));
    }

    public override VolumeInfo Volume { get; }

    public override NodeInfo Root { get; }

    public override TreeStatistics Statistics => new(Volume.Length, 0, _metadata.Count, 4096);

    public override bool HasAttributes => true;

    public override NodeInfo GetNode(ulong node) => NodeOf(Entry(node));

    public override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        ulong hash = DirectoryIndex<long>.Hash(name);
        DirectoryIndex<long> index = _indices.Get(directory, MakeIndex);
        for (long at = index.Find(hash, 0); at >= 0; at = index.Find(hash, at + 1))
        {
            WimEntry entry = _metadata.Read(at);
            if (name.SequenceEqual(entry.Name))
            {
                node = NodeOf(entry);
                return true;
            }
        }

        index.ThrowIfDamaged(WimFileSystem.Id);
        node = default;
        return false;
    }

    public override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        WimEntry parent = Directory(directory);
        HashSet<uint>? hidden = _indices.Get(directory, MakeIndex).Hidden;
        if (parent.Children == 0)
        {
            yield break;
        }

        foreach (WimEntry entry in _metadata.List(Math.Max(cookie, parent.Children)))
        {
            if (IsName(entry.Name) && hidden?.Contains((uint)entry.Offset) != true)
            {
                yield return new(entry.Name, NodeOf(entry), entry.Next);
            }
        }
    }

    public override BlockSource OpenFile(ulong node)
    {
        WimEntry entry = Entry(node);
        if (TypeOf(entry) != FileType.Regular)
        {
            ImageFormatException.Throw(WimFileSystem.Id, entry.Offset, "this is no regular file");
        }

        if ((entry.Attributes & WimAttributes.Encrypted) != 0)
        {
            UnsupportedFeatureException.Throw(WimFileSystem.Id, "a file that NTFS has encrypted (EFS)");
        }

        return Open(WimContent.Of(entry).Data, entry);
    }

    public override ReadOnlyMemory<byte> ReadLink(ulong node) =>
        TargetOf(Entry(node)) ?? throw new ImageFormatException(
            WimFileSystem.Id, (long)node, "this is no symbolic link, or its target is damaged or too long");

    public override ImmutableArray<string> ListAttributes(ulong node)
    {
        WimEntry entry = Entry(node);
        ImmutableArray<string>.Builder names = ImmutableArray.CreateBuilder<string>();
        if (_metadata.DescriptorOf(entry) is not null)
        {
            names.Add(DescriptorName);
        }

        foreach (WimStream stream in entry.Streams)
        {
            if (IsAttribute(stream))
            {
                names.Add(UserAttributes.Prefix + stream.Name);
            }
        }

        return names.ToImmutable();
    }

    public override byte[]? GetAttribute(ulong node, string name)
    {
        WimEntry entry = Entry(node);
        if (name == DescriptorName)
        {
            return _metadata.DescriptorOf(entry);
        }

        foreach (WimStream stream in entry.Streams)
        {
            if (IsAttribute(stream) && name == UserAttributes.Prefix + stream.Name)
            {
                return ReadAll(stream.Digest, entry);
            }
        }

        return null;
    }

    protected override void Dispose(bool disposing) => _metadata.Dispose();

    private static bool IsName(ReadOnlySpan<byte> name) => name.Length is > 0 and <= 255
        && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8) && !name.ContainsAny((byte)'/', (byte)0);

    private static FileType TypeOf(WimEntry entry)
    {
        if (entry.IsReparsePoint && WimLink.IsLink(entry.ReparseTag))
        {
            return FileType.SymbolicLink;
        }

        if ((entry.Attributes & WimAttributes.Directory) != 0)
        {
            return FileType.Directory;
        }

        // What Linux says of it counts for what Windows has no word for.
        FileType type = (FileType)((entry.UnixData?.Mode ?? 0) & 0xf000);
        return type is FileType.Fifo or FileType.Socket or FileType.CharacterDevice or FileType.BlockDevice
            ? type
            : FileType.Regular;
    }

    private bool IsAttribute(in WimStream stream) =>
        UserAttributes.IsName(stream.Name) && LengthOf(stream.Digest) is >= 0 and <= UserAttributes.MaxLength;

    private DirectoryIndex<long> MakeIndex(ulong directory)
    {
        WimEntry parent = Directory(directory);
        List<(ulong Hash, uint Position)> names = [];
        ImageFormatException? damage = null;
        try
        {
            if (parent.Children != 0)
            {
                foreach (WimEntry entry in _metadata.List(parent.Children))
                {
                    if (IsName(entry.Name))
                    {
                        names.Add((DirectoryIndex<long>.Hash(entry.Name), (uint)entry.Offset));
                    }
                }
            }
        }
        catch (ImageFormatException error)
        {
            damage = error;
        }

        return new(parent.Children, 0, names, damage, hidesEquals: true);
    }

    private WimEntry Entry(ulong node) => node <= uint.MaxValue && node % 8 == 0 && node >= (ulong)_metadata.RootOffset
        ? _metadata.Read((long)node)
        : throw new ImageFormatException(WimFileSystem.Id, 0, $"there is no node {node:x}");

    private WimEntry Directory(ulong node)
    {
        WimEntry entry = Entry(node);
        if (TypeOf(entry) != FileType.Directory)
        {
            ImageFormatException.Throw(WimFileSystem.Id, entry.Offset, "this is no directory");
        }

        _metadata.CheckChildren(entry);
        return entry;
    }

    private NodeInfo NodeOf(WimEntry entry)
    {
        FileType type = TypeOf(entry);
        bool isDevice = type is FileType.BlockDevice or FileType.CharacterDevice;
        (long first, uint links) = _metadata.LinksOf(entry);
        WimDigest data = type == FileType.Regular ? WimContent.Of(entry).Data : default;
        WimUnixData? unix = entry.UnixData;
        return new NodeInfo((ulong)entry.Offset, type, PermissionsOf(entry, type), SizeOf(entry, type, data))
        {
            Inode = (ulong)first,
            Links = links,
            Uid = unix?.Uid ?? 0,
            Gid = unix?.Gid ?? 0,
            DeviceMajor = isDevice ? (unix!.Value.Device >> 8) & 0xfff : 0,
            DeviceMinor = isDevice ? (unix!.Value.Device & 0xff) | ((unix.Value.Device >> 12) & 0xfff00) : 0,
            AllocatedBytes = _blobs.TryFind(data, out WimBlob blob) ? blob.Resource.StoredLength : 0,
            Created = entry.Times.Created,
            Accessed = entry.Times.Accessed,
            Modified = entry.Times.Modified,
            Changed = entry.Times.Modified,
        };
    }

    private static ushort PermissionsOf(WimEntry entry, FileType type)
    {
        if (entry.UnixData is { } unix)
        {
            return (ushort)(unix.Mode & AllPermissions);
        }

        return type switch
        {
            FileType.SymbolicLink => 0x1ff,
            FileType.Directory => DirectoryPermissions,
            _ when (entry.Attributes & WimAttributes.ReadOnly) != 0 => FilePermissions & ~WriteBits & AllPermissions,
            _ => FilePermissions,
        };
    }

    // What is damaged stays visible; whoever opens it gets the error.
    private long SizeOf(WimEntry entry, FileType type, WimDigest data)
    {
        try
        {
            return type switch
            {
                FileType.Regular => Math.Max(0, LengthOf(data)),
                FileType.SymbolicLink => TargetOf(entry)?.Length ?? 0,
                _ => 0,
            };
        }
        catch (IOException error) when (error is ImageFormatException or UnsupportedFeatureException)
        {
            return 0;
        }
    }

    // -1 when it is nowhere.
    private long LengthOf(WimDigest digest) =>
        digest.IsNone ? 0 : _blobs.TryFind(digest, out WimBlob blob) ? blob.Resource.Length : -1;

    private byte[]? TargetOf(WimEntry entry)
    {
        if (!entry.IsReparsePoint || !WimLink.IsLink(entry.ReparseTag))
        {
            return null;
        }

        WimDigest data = WimContent.Of(entry).Reparse;
        return LengthOf(data) is >= 0 and <= UserAttributes.MaxLength
            ? WimLink.TargetOf(entry.ReparseTag, ReadAll(data, entry))
            : null;
    }

    // The caller knows that it is no longer than an attribute may be.
    private byte[] ReadAll(WimDigest digest, WimEntry entry)
    {
        using BlockSource source = Open(digest, entry);
        return source.ReadBytes(0, (int)source.Length);
    }

    private BlockSource Open(WimDigest digest, WimEntry entry)
    {
        if (digest.IsNone)
        {
            return new MemorySource(Array.Empty<byte>());
        }

        return _blobs.TryFind(digest, out WimBlob blob)
            ? _blobs.Open(blob)
            : throw new ImageFormatException(
                WimFileSystem.Id, entry.Offset, $"the content {digest} is in no part that is there");
    }
}
