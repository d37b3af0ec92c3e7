using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ext;

/// <summary>The files of an ext volume. Node ids are inode numbers, cookies byte positions in the directory.</summary>
internal sealed class ExtTree : FileTree
{
    private const int MaxLinkLength = 4095;
    private const uint BadBlocksInode = 1;

    private readonly ExtVolume _volume;

    /// <summary>Takes over the volume.</summary>
    public ExtTree(ExtVolume volume, VolumeInfo info)
    {
        _volume = volume;
        Volume = info;
        Root = volume.ReadNode(ExtVolume.RootInode);
        if (Root.Type != FileType.Directory)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id, volume.OffsetOfInode(ExtVolume.RootInode), "the root inode is no directory");
        }
    }

    public override VolumeInfo Volume { get; }

    public override NodeInfo Root { get; }

    public override TreeStatistics Statistics
    {
        get
        {
            ExtSuperblock superblock = _volume.Superblock;
            long free = (long)Math.Min(superblock.FreeBlocks, superblock.Blocks) << _volume.BlockShift;
            long files = superblock.Inodes - (long)Math.Min(superblock.FreeInodes, superblock.Inodes);
            return new(superblock.VolumeLength, free, files, _volume.BlockSize);
        }
    }

    public override bool HasAttributes => _volume.Superblock.Has(ExtCompatible.Attributes);

    public override NodeInfo GetNode(ulong node) => _volume.ReadNode(node);

    public override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        ExtDirectory entries = new(_volume, _volume.CheckNumber(directory));
        node = default;
        if (name.Length is 0 or > byte.MaxValue || !IsName(name))
        {
            return false;
        }

        uint inode = entries.Find(name);
        if (inode == 0)
        {
            return false;
        }

        node = _volume.ReadNode(inode);
        return true;
    }

    public override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        ExtDirectory entries = new(_volume, _volume.CheckNumber(directory));
        foreach (ExtDirectoryEntry entry in entries.List(Math.Max(0, cookie)))
        {
            // The list of bad blocks has no name; a name with a slash cannot be asked for.
            if (entry.Inode != BadBlocksInode && IsName(entry.Name.Span))
            {
                yield return new(entry.Name, NodeOf(entry), entry.End);
            }
        }
    }

    public override BlockSource OpenFile(ulong node)
    {
        uint number = _volume.CheckNumber(node);
        byte[] raw = _volume.ReadInode(number);
        ExtInode inode = new(number, raw, _volume.Superblock);
        NodeInfo info = inode.ToNode(_volume.OffsetOfInode(number));
        if (info.Type != FileType.Regular)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id, _volume.OffsetOfInode(number), $"inode {number} is no regular file");
        }

        RefuseEncrypted(inode, "file");
        return inode.Has(ExtInodeFlags.InlineData)
            ? new MemorySource(InlineContent(inode, raw, info.Size))
            : new ExtFileSource(_volume, ExtBlockMap.Of(_volume, inode), number, info.Size);
    }

    public override ReadOnlyMemory<byte> ReadLink(ulong node)
    {
        uint number = _volume.CheckNumber(node);
        byte[] raw = _volume.ReadInode(number);
        ExtInode inode = new(number, raw, _volume.Superblock);
        NodeInfo info = inode.ToNode(_volume.OffsetOfInode(number));
        if (info.Type != FileType.SymbolicLink)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id, _volume.OffsetOfInode(number), $"inode {number} is no symbolic link");
        }

        RefuseEncrypted(inode, "symbolic link");
        if (info.Size > MaxLinkLength)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id,
                _volume.OffsetOfInode(number) + 4,
                $"the target of symbolic link {number} is {info.Size} bytes long, above {MaxLinkLength}");
        }

        byte[] target = ReadTarget(inode, raw, (int)info.Size);
        int end = target.AsSpan().IndexOf((byte)0);
        return end < 0 ? target : target.AsMemory(0, end);
    }

    public override ImmutableArray<string> ListAttributes(ulong node) => Attributes(node).Names();

    public override byte[]? GetAttribute(ulong node, string name) => Attributes(node).Find(name);

    protected override void Dispose(bool disposing) => _volume.Dispose();

    // What a path can hold.
    private static bool IsName(ReadOnlySpan<byte> name) =>
        !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8) && !name.ContainsAny((byte)'/', (byte)0);

    // An entry whose inode is damaged stays visible, with what the directory knows of it, so that it does not take the
    // others with it; whoever opens it gets the error.
    private NodeInfo NodeOf(ExtDirectoryEntry entry)
    {
        try
        {
            return _volume.ReadNode(entry.Inode);
        }
        catch (ImageFormatException)
        {
            return new NodeInfo(entry.Inode, TypeOf(entry.TypeCode), 0, 0) { Inode = entry.Inode };
        }
    }

    private static FileType TypeOf(byte code) => code switch
    {
        2 => FileType.Directory,
        3 => FileType.CharacterDevice,
        4 => FileType.BlockDevice,
        5 => FileType.Fifo,
        6 => FileType.Socket,
        7 => FileType.SymbolicLink,
        _ => FileType.Regular,
    };

    private static void RefuseEncrypted(ExtInode inode, string what)
    {
        if (inode.Has(ExtInodeFlags.Encrypted))
        {
            UnsupportedFeatureException.Throw(ExtFileSystem.Id, $"encryption ({what} inode {inode.Number})");
        }
    }

    private byte[] ReadTarget(ExtInode inode, byte[] raw, int length)
    {
        if (inode.Has(ExtInodeFlags.InlineData))
        {
            return InlineContent(inode, raw, length);
        }

        if (inode.IsFastLink)
        {
            if (length > ExtInode.MapLength)
            {
                ImageFormatException.Throw(
                    ExtFileSystem.Id,
                    _volume.OffsetOfInode(inode.Number) + 4,
                    $"the target of symbolic link {inode.Number} is {length} bytes long and has no block");
            }

            return inode.Map[..length].ToArray();
        }

        using ExtFileSource content = new(_volume, ExtBlockMap.Of(_volume, inode), inode.Number, length);
        return content.ReadBytes(0, length);
    }

    private byte[] InlineContent(ExtInode inode, byte[] raw, long length)
    {
        ReadOnlySpan<byte> second = new ExtAttributes(_volume, inode.Number, raw).InlineData().Span;
        if (length > ExtInode.MapLength + second.Length)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id,
                _volume.OffsetOfInode(inode.Number) + 4,
                $"inode {inode.Number} holds {ExtInode.MapLength + second.Length} bytes of data, its size is {length}");
        }

        byte[] content = new byte[ExtInode.MapLength + second.Length];
        inode.Map.CopyTo(content);
        second.CopyTo(content.AsSpan(ExtInode.MapLength));
        return content[..(int)length];
    }

    private ExtAttributes Attributes(ulong node)
    {
        uint number = _volume.CheckNumber(node);
        return new ExtAttributes(_volume, number, _volume.ReadInode(number));
    }
}
