using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ext;

/// <summary>The superblock: 1024 bytes at byte 1024. Reading it checks nothing but the magic number; what the tree
/// relies on is checked by <see cref="CheckGeometry"/>: a probe can describe a damaged volume as well.</summary>
internal sealed class ExtSuperblock
{
    public const int Offset = 1024;
    public const int Length = 1024;
    public const ushort Magic = 0xEF53;

    private const int MaxBlockSizeLog = 6;
    private const uint FlagUnsignedHash = 2;
    private const uint FlagTestFileSystem = 4;

    private ExtSuperblock(ReadOnlySpan<byte> raw)
    {
        Compatible = (ExtCompatible)U32(raw, 0x5C);
        Incompatible = (ExtIncompatible)U32(raw, 0x60);
        ReadOnlyCompatible = (ExtReadOnlyCompatible)U32(raw, 0x64);
        bool wide = Has(ExtIncompatible.SixtyFourBit);
        Inodes = U32(raw, 0x00);
        FreeInodes = U32(raw, 0x10);
        Blocks = U32(raw, 0x04) | (wide ? (ulong)U32(raw, 0x150) << 32 : 0);
        FreeBlocks = U32(raw, 0x0C) | (wide ? (ulong)U32(raw, 0x158) << 32 : 0);
        FirstDataBlock = U32(raw, 0x14);
        BlockSizeLog = U32(raw, 0x18);
        ClusterSizeLog = U32(raw, 0x1C);
        BlocksPerGroup = U32(raw, 0x20);
        ClustersPerGroup = U32(raw, 0x24);
        InodesPerGroup = U32(raw, 0x28);
        State = U16(raw, 0x3A);
        Revision = U32(raw, 0x4C);
        MinorRevision = U16(raw, 0x3E);
        FirstInode = Revision == 0 ? 11 : U32(raw, 0x54);
        InodeSize = Revision == 0 ? 128 : U16(raw, 0x58);
        Uuid = raw.Slice(0x68, 16).ToArray();
        Label = Text(raw.Slice(0x78, 16));
        LastMountedOn = Text(raw.Slice(0x88, 64));
        ReservedTableBlocks = U16(raw, 0xCE);
        HashSeed = [U32(raw, 0xEC), U32(raw, 0xF0), U32(raw, 0xF4), U32(raw, 0xF8)];
        DescriptorSize = wide ? U16(raw, 0xFE) : 32;
        FirstMetaGroup = U32(raw, 0x104);
        Flags = U32(raw, 0x160);
        MountProtectionBlock = BinaryPrimitives.ReadUInt64LittleEndian(raw[0x168..]);
        BackupGroups = (U32(raw, 0x24C), U32(raw, 0x250));
        ChecksumMatches = !Has(ExtReadOnlyCompatible.MetadataChecksum)
            || Crc32C.Append(uint.MaxValue, raw[..0x3FC]) == U32(raw, 0x3FC);
        ChecksumSeed = Has(ExtIncompatible.ChecksumSeed) ? U32(raw, 0x270) : Crc32C.Append(uint.MaxValue, Uuid);
    }

    public ExtCompatible Compatible { get; }

    public ExtIncompatible Incompatible { get; }

    public ExtReadOnlyCompatible ReadOnlyCompatible { get; }

    public uint Inodes { get; }

    public uint FreeInodes { get; }

    public ulong Blocks { get; }

    public ulong FreeBlocks { get; }

    public uint FirstDataBlock { get; }

    public uint BlockSizeLog { get; }

    public uint ClusterSizeLog { get; }

    public uint BlocksPerGroup { get; }

    /// <summary>Allocation units of a group: as many as blocks but with bigalloc.</summary>
    public uint ClustersPerGroup { get; }

    public uint InodesPerGroup { get; }

    public ushort State { get; }

    public uint Revision { get; }

    public ushort MinorRevision { get; }

    /// <summary>The first inode that is not reserved.</summary>
    public uint FirstInode { get; }

    public int InodeSize { get; }

    public byte[] Uuid { get; }

    public string Label { get; }

    public string LastMountedOn { get; }

    /// <summary>Blocks behind the group descriptors that are kept for more of them.</summary>
    public int ReservedTableBlocks { get; }

    public uint[] HashSeed { get; }

    public int DescriptorSize { get; }

    public uint FirstMetaGroup { get; }

    public uint Flags { get; }

    /// <summary>The block in which a machine says that it has the volume mounted; 0 for none.</summary>
    public ulong MountProtectionBlock { get; }

    /// <summary>The two groups with a superblock copy when sparse_super2 is on.</summary>
    public (uint First, uint Second) BackupGroups { get; }

    public bool ChecksumMatches { get; }

    public uint ChecksumSeed { get; }

    /// <summary>log2 of the block size; only after <see cref="CheckGeometry"/>.</summary>
    public int BlockShift => 10 + (int)BlockSizeLog;

    /// <summary>Block size in bytes; only after <see cref="CheckGeometry"/>.</summary>
    public int BlockSize => 1 << BlockShift;

    /// <summary>Allocation unit in bytes: a block, or with bigalloc a cluster of them.</summary>
    public long ClusterSize =>
        Has(ExtReadOnlyCompatible.BigAllocation) && ClusterSizeLog < 32 ? 1024L << (int)ClusterSizeLog : BlockSize;

    /// <summary>Number of block groups; only after <see cref="CheckGeometry"/>.</summary>
    public long Groups => ((long)Blocks - FirstDataBlock + BlocksPerGroup - 1) / BlocksPerGroup;

    /// <summary>Whether names are hashed as unsigned bytes, as on the machine that made the directory index.</summary>
    public bool UnsignedHash => (Flags & FlagUnsignedHash) != 0;

    /// <summary>Length in bytes as the superblock has it; 0 when that is no length.</summary>
    public long VolumeLength =>
        BlockSizeLog <= MaxBlockSizeLog && Blocks <= (ulong)(long.MaxValue >> BlockShift)
            ? (long)Blocks << BlockShift
            : 0;

    /// <summary>ext2, ext3 or ext4, decided as <c>blkid</c> does: by what each driver can cope with.</summary>
    public string Variant
    {
        get
        {
            const ExtReadOnlyCompatible plain = ExtReadOnlyCompatible.SparseSuper | ExtReadOnlyCompatible.LargeFile
                | ExtReadOnlyCompatible.BtreeDirectories;
            const ExtIncompatible old =
                ExtIncompatible.FileType | ExtIncompatible.Recover | ExtIncompatible.MetaBlockGroups;
            if ((ReadOnlyCompatible & ~plain) != 0 || (Incompatible & ~old) != 0)
            {
                return (Flags & FlagTestFileSystem) != 0 ? "ext4dev" : "ext4";
            }

            return Has(ExtCompatible.HasJournal) ? "ext3" : "ext2";
        }
    }

    /// <summary>Reads the superblock; null when there is none.</summary>
    public static ExtSuperblock? Read(BlockSource volume)
    {
        if (volume.Length < Offset + Length)
        {
            return null;
        }

        Span<byte> raw = stackalloc byte[Length];
        volume.Read(Offset, raw);
        return U16(raw, 0x38) == Magic ? new ExtSuperblock(raw) : null;
    }

    public bool Has(ExtCompatible feature) => (Compatible & feature) != 0;

    public bool Has(ExtIncompatible feature) => (Incompatible & feature) != 0;

    public bool Has(ExtReadOnlyCompatible feature) => (ReadOnlyCompatible & feature) != 0;

    /// <summary>Throws unless all fields that addresses are computed from make sense.</summary>
    public void CheckGeometry()
    {
        Check(BlockSizeLog <= MaxBlockSizeLog, 0x18, $"s_log_block_size {BlockSizeLog} is above {MaxBlockSizeLog}");
        Check(VolumeLength > 0, 0x04, $"s_blocks_count {Blocks} is not a volume size");
        Check(FirstDataBlock < Blocks, 0x14, $"s_first_data_block {FirstDataBlock} is not below {Blocks} blocks");
        Check(BlocksPerGroup > 0, 0x20, "s_blocks_per_group is 0");
        Check(
            InodesPerGroup > 0 && InodesPerGroup <= BlockSize * 8,
            0x28,
            $"s_inodes_per_group {InodesPerGroup} is outside 1..{BlockSize * 8}");
        Check(
            InodeSize >= 128 && InodeSize <= BlockSize && BitOperations.IsPow2(InodeSize),
            0x58,
            $"s_inode_size {InodeSize} is not a power of two in 128..{BlockSize}");
        Check(
            !Has(ExtIncompatible.SixtyFourBit)
            || (DescriptorSize is >= 64 and <= 1024 && BitOperations.IsPow2(DescriptorSize)),
            0xFE,
            $"s_desc_size {DescriptorSize} is not a power of two in 64..1024");
    }

    private static void Check(bool condition, int field, string message)
    {
        if (!condition)
        {
            ImageFormatException.Throw(ExtFileSystem.Id, Offset + field, message);
        }
    }

    private static ushort U16(ReadOnlySpan<byte> raw, int at) => BinaryPrimitives.ReadUInt16LittleEndian(raw[at..]);

    private static uint U32(ReadOnlySpan<byte> raw, int at) => BinaryPrimitives.ReadUInt32LittleEndian(raw[at..]);

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
