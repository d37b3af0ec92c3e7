using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ext;

/// <summary>Block and inode addresses of a volume. Metadata is read through the shared cache, file content is not: the
/// kernel caches that itself.</summary>
internal sealed class ExtVolume : IDisposable
{
    public const uint RootInode = 2;

    // Of a metadata read: an inode table's neighbours are asked for next.
    private const int CacheBlock = 16384;

    // Enough of an inode for all that is shown of it: 128 bytes and the additional fields up to the project id.
    private const int NodeBytes = 160;

    private readonly CachedSource _metadata;

    public ExtVolume(BlockSource source, ExtSuperblock superblock, BlockCache cache)
    {
        superblock.CheckGeometry();
        Source = source;
        Superblock = superblock;
        BlockSize = superblock.BlockSize;
        BlockShift = superblock.BlockShift;
        Blocks = (long)superblock.Blocks;
        _metadata = new CachedSource(source, cache, CacheBlock);
    }

    public BlockSource Source { get; }

    public ExtSuperblock Superblock { get; }

    public int BlockSize { get; }

    public int BlockShift { get; }

    public long Blocks { get; }

    public void Dispose() => _metadata.Dispose();

    /// <summary>Byte offset of a run of blocks; throws when it is not inside the file system and the volume.</summary>
    public long OffsetOf(long block, long count, uint inode)
    {
        if (block <= 0 || block > Blocks - count || block + count > Source.Length >> BlockShift)
        {
            long offset = inode == 0 ? ExtSuperblock.Offset : OffsetOfInode(inode);
            ImageFormatException.Throw(
                ExtFileSystem.Id,
                offset,
                $"blocks {block} to {block + count - 1} of inode {inode} are outside the volume of {Blocks} blocks");
        }

        return block << BlockShift;
    }

    /// <summary>Reads a metadata block that belongs to <paramref name="inode"/>, or the beginning of it.</summary>
    public void ReadBlock(long block, uint inode, Span<byte> destination) =>
        _metadata.Read(OffsetOf(block, 1, inode), destination);

    /// <summary>Reads a part of a metadata block.</summary>
    public void ReadInBlock(long block, int offset, uint inode, Span<byte> destination) =>
        _metadata.Read(OffsetOf(block, 1, inode) + offset, destination);

    /// <summary>The whole inode, unchecked.</summary>
    public byte[] ReadInode(uint inode)
    {
        byte[] raw = new byte[Superblock.InodeSize];
        ReadMetadata(OffsetOfInode(inode), raw);
        return raw;
    }

    /// <summary>What is shown of an inode that a directory may refer to.</summary>
    public NodeInfo ReadNode(ulong node)
    {
        uint inode = CheckNumber(node);
        Span<byte> raw = stackalloc byte[NodeBytes];
        raw = raw[..Math.Min(NodeBytes, Superblock.InodeSize)];
        long offset = OffsetOfInode(inode);
        ReadMetadata(offset, raw);
        return new ExtInode(inode, raw, Superblock).ToNode(offset);
    }

    /// <summary>The inode number of a node, if a directory may refer to it: the root or one that is not
    /// reserved.</summary>
    public uint CheckNumber(ulong node)
    {
        if (node != RootInode && (node < Superblock.FirstInode || node > Superblock.Inodes || node <= RootInode))
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id,
                ExtSuperblock.Offset,
                $"inode {node} is neither the root nor in {Superblock.FirstInode}..{Superblock.Inodes}");
        }

        return (uint)node;
    }

    public long OffsetOfInode(uint inode)
    {
        if (inode == 0 || inode > Superblock.Inodes)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id, ExtSuperblock.Offset, $"inode {inode} is outside 1..{Superblock.Inodes}");
        }

        long group = (inode - 1) / Superblock.InodesPerGroup;
        long index = (inode - 1) % Superblock.InodesPerGroup;
        if (group >= Superblock.Groups)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id, ExtSuperblock.Offset, $"inode {inode} is in group {group} of {Superblock.Groups}");
        }

        long descriptor = ExtGroups.OffsetOfDescriptor(Superblock, group);
        Span<byte> raw = stackalloc byte[0x40];
        raw = raw[..Math.Min(raw.Length, Superblock.DescriptorSize)];
        ReadMetadata(descriptor, raw);
        long table = BinaryPrimitives.ReadUInt32LittleEndian(raw[0x08..]);
        if (raw.Length == 0x40)
        {
            table |= (long)BinaryPrimitives.ReadUInt32LittleEndian(raw[0x28..]) << 32;
        }

        long offset = index * Superblock.InodeSize;
        if (table <= 0 || table >= Blocks || offset >= (Blocks - table) << BlockShift)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id,
                descriptor + 8,
                $"the inode table of group {group} at block {table} is outside the volume");
        }

        return (table << BlockShift) + offset;
    }

    /// <summary>Reads metadata at a byte offset; throws when a truncated volume does not reach there.</summary>
    public void ReadMetadata(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Source.Length - destination.Length)
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id, offset, $"{destination.Length} bytes of metadata are behind the end of the volume");
        }

        _metadata.Read(offset, destination);
    }
}
