using System.Buffers.Binary;
using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.SquashFs;

/// <summary>The files of a SquashFS volume. A node id is the reference of its inode (block and offset in the inode
/// table) plus two, because the first reference is 0.</summary>
internal sealed class SquashFsTree : FileTree
{
    private const ulong FirstId = 2;
    private const int MaxLinkLength = 4095;

    private readonly SquashFsVolume _volume;
    private readonly SquashFsAttributes _attributes;

    // Users and groups: 65,535 at most.
    private readonly uint[] _ids;

    /// <summary>Takes over the volume.</summary>
    public SquashFsTree(SquashFsVolume volume, VolumeInfo info)
    {
        _volume = volume;
        Volume = info;
        _ids = ReadIds(volume);
        _attributes = new SquashFsAttributes(volume);
        SquashFsInode root = SquashFsInode.Read(volume, volume.Superblock.RootInode);
        if (root.Type != FileType.Directory)
        {
            ImageFormatException.Throw(SquashFsFileSystem.Id, 32, "the root inode is no directory");
        }

        Root = NodeOf(root);
    }

    public override VolumeInfo Volume { get; }

    public override NodeInfo Root { get; }

    public override TreeStatistics Statistics => new(Volume.Length, 0, _volume.Superblock.Inodes, _volume.BlockSize);

    public override bool HasAttributes => _attributes.Any;

    public override NodeInfo GetNode(ulong node) => NodeOf(Inode(node));

    public override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        SquashFsInode inode = Inode(directory, FileType.Directory);
        node = default;
        if (name.IsEmpty || !IsName(name) || !new SquashFsDirectory(_volume, inode).TryFind(name, out long reference))
        {
            return false;
        }

        node = NodeOf(SquashFsInode.Read(_volume, reference));
        return true;
    }

    public override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        SquashFsInode inode = Inode(directory, FileType.Directory);
        foreach (SquashFsEntry entry in new SquashFsDirectory(_volume, inode).List(Math.Max(0, cookie)))
        {
            if (IsName(entry.Name))
            {
                yield return new(entry.Name, NodeOf(entry), entry.Cookie);
            }
        }
    }

    public override BlockSource OpenFile(ulong node)
    {
        SquashFsInode inode = Inode(node, FileType.Regular);
        return new SquashFsFileSource(_volume, inode with { Size = NodeOf(inode).Size });
    }

    public override ReadOnlyMemory<byte> ReadLink(ulong node)
    {
        SquashFsInode inode = Inode(node, FileType.SymbolicLink);
        if (inode.Size > MaxLinkLength)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id,
                inode.Behind.Block,
                $"the target of a symbolic link is {inode.Size} bytes long, above {MaxLinkLength}");
        }

        byte[] target = new byte[inode.Size];
        SquashFsCursor cursor = inode.Behind;
        _volume.ReadMetadata(ref cursor, target);
        int end = target.AsSpan().IndexOf((byte)0);
        return end < 0 ? target : target.AsMemory(0, end);
    }

    public override ImmutableArray<string> ListAttributes(ulong node) => _attributes.Names(AttributesOf(Inode(node)));

    public override byte[]? GetAttribute(ulong node, string name) =>
        _attributes.Find(AttributesOf(Inode(node)), name);

    protected override void Dispose(bool disposing) => _volume.Dispose();

    private static bool IsName(ReadOnlySpan<byte> name) => name.Length <= 255
        && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8) && !name.ContainsAny((byte)'/', (byte)0);

    private static uint[] ReadIds(SquashFsVolume volume)
    {
        uint[] ids = new uint[volume.Superblock.Ids];
        Span<byte> raw = stackalloc byte[4];
        for (int i = 0; i < ids.Length; i++)
        {
            volume.ReadTable(volume.Superblock.IdTable, i, raw);
            ids[i] = BinaryPrimitives.ReadUInt32LittleEndian(raw);
        }

        return ids;
    }

    private SquashFsInode Inode(ulong node)
    {
        if (node < FirstId || node - FirstId > long.MaxValue)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id, _volume.Superblock.InodeTable, $"node {node:x} is no inode reference");
        }

        return SquashFsInode.Read(_volume, (long)(node - FirstId));
    }

    private SquashFsInode Inode(ulong node, FileType type)
    {
        SquashFsInode inode = Inode(node);
        if (inode.Type != type)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id, inode.Behind.Block, $"inode {inode.Number} is a {inode.Type}, not a {type}");
        }

        return inode;
    }

    // An entry whose inode is damaged stays visible; whoever opens it gets the error.
    private NodeInfo NodeOf(SquashFsEntry entry)
    {
        try
        {
            return NodeOf(SquashFsInode.Read(_volume, entry.Reference));
        }
        catch (ImageFormatException)
        {
            return new NodeInfo((ulong)entry.Reference + FirstId, entry.Type, 0, 0) { Inode = entry.Number };
        }
    }

    private NodeInfo NodeOf(SquashFsInode inode)
    {
        if (inode.UidIndex >= _ids.Length || inode.GidIndex >= _ids.Length || inode.Size < 0)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id,
                inode.Behind.Block,
                $"inode {inode.Number} has size {inode.Size}, ids {inode.UidIndex}, {inode.GidIndex} of {_ids.Length}");
        }

        bool device = inode.Type is FileType.BlockDevice or FileType.CharacterDevice;
        Timestamp time = new(inode.Modified, 0);
        return new NodeInfo((ulong)inode.Reference + FirstId, inode.Type, inode.Permissions, inode.Size)
        {
            Inode = inode.Number,
            Links = inode.Links,
            Uid = _ids[inode.UidIndex],
            Gid = _ids[inode.GidIndex],
            DeviceMajor = device ? (inode.Device >> 8) & 0xFFF : 0,
            DeviceMinor = device ? (inode.Device & 0xFF) | ((inode.Device >> 12) & 0xFFF00) : 0,
            AllocatedBytes = Allocated(inode),
            Accessed = time,
            Modified = time,
            Changed = time,
        };
    }

    // As the kernel has it: what would be allocated without compression, holes left out.
    private static long Allocated(SquashFsInode inode)
    {
        if (inode.Type != FileType.Regular)
        {
            return 0;
        }

        long stored = inode.Size - Math.Clamp(inode.Sparse, 0, inode.Size);
        return stored > long.MaxValue - 511 ? -1 : (stored + 511) & ~511L;
    }

    // Of an extended link the number is behind the target.
    private uint AttributesOf(SquashFsInode inode)
    {
        if (inode.Type != FileType.SymbolicLink || !inode.IsExtended)
        {
            return inode.Attributes;
        }

        SquashFsCursor cursor = inode.Behind;
        Span<byte> raw = stackalloc byte[4];
        _volume.SkipMetadata(ref cursor, Math.Min(inode.Size, MaxLinkLength));
        _volume.ReadMetadata(ref cursor, raw);
        return BinaryPrimitives.ReadUInt32LittleEndian(raw);
    }
}
