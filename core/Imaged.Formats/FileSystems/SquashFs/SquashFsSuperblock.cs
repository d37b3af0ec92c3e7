using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.SquashFs;

/// <summary>How blocks are compressed: one method for the whole volume.</summary>
internal enum SquashFsCompression : ushort
{
    Gzip = 1,
    Lzma = 2,
    Lzo = 3,
    Xz = 4,
    Lz4 = 5,
    Zstd = 6,
}

/// <summary>The superblock: 96 bytes at the beginning.</summary>
internal sealed class SquashFsSuperblock
{
    public const int Length = 96;

    /// <summary>Length of a decoded metadata block.</summary>
    public const int MetadataLength = 8192;

    private const int MinBlockLog = 12;
    private const int MaxBlockLog = 20;

    private SquashFsSuperblock(ReadOnlySpan<byte> raw)
    {
        Inodes = U32(raw, 4);
        Created = U32(raw, 8);
        BlockSize = (int)Math.Min(int.MaxValue, U32(raw, 12));
        Fragments = U32(raw, 16);
        Compression = (SquashFsCompression)U16(raw, 20);
        BlockLog = U16(raw, 22);
        Ids = U16(raw, 26);
        Major = U16(raw, 28);
        Minor = U16(raw, 30);
        RootInode = U64(raw, 32);
        BytesUsed = U64(raw, 40);
        IdTable = U64(raw, 48);
        AttributeTable = U64(raw, 56);
        InodeTable = U64(raw, 64);
        DirectoryTable = U64(raw, 72);
        FragmentTable = U64(raw, 80);
    }

    public uint Inodes { get; }

    public uint Created { get; }

    public int BlockSize { get; }

    public uint Fragments { get; }

    public SquashFsCompression Compression { get; }

    public int BlockLog { get; }

    public int Ids { get; }

    public int Major { get; }

    public int Minor { get; }

    /// <summary>Reference of the root's inode.</summary>
    public long RootInode { get; }

    public long BytesUsed { get; }

    public long IdTable { get; }

    /// <summary>Below 0 when there are no attributes.</summary>
    public long AttributeTable { get; }

    public long InodeTable { get; }

    public long DirectoryTable { get; }

    public long FragmentTable { get; }

    /// <summary>Reads the superblock; null when there is none of version 4.</summary>
    public static SquashFsSuperblock? Read(BlockSource volume)
    {
        if (volume.Length < Length)
        {
            return null;
        }

        Span<byte> raw = stackalloc byte[Length];
        volume.Read(0, raw);
        return raw[..4].SequenceEqual("hsqs"u8) && U16(raw, 28) >= 4 ? new SquashFsSuperblock(raw) : null;
    }

    /// <summary>Throws unless all fields that addresses are computed from make sense.</summary>
    public void Check(long volumeLength)
    {
        if (Major != 4 || Minor != 0)
        {
            UnsupportedFeatureException.Throw(SquashFsFileSystem.Id, $"version {Major}.{Minor}");
        }

        Require(
            BlockLog is >= MinBlockLog and <= MaxBlockLog && BlockSize == 1 << BlockLog,
            12,
            $"block_size {BlockSize} is not a power of two in 4096..1048576, or not 2^{BlockLog}");
        Require(BytesUsed >= Length, 40, $"bytes_used {BytesUsed} is below {Length}");
        Require(
            BytesUsed <= volumeLength, 40, $"bytes_used {BytesUsed} is above the volume's {volumeLength} bytes");
        Require(
            InodeTable >= Length && InodeTable < DirectoryTable && DirectoryTable <= BytesUsed,
            64,
            $"inode table {InodeTable} and directory table {DirectoryTable} are not in order in {BytesUsed} bytes");
        Require(IdTable >= Length && IdTable < BytesUsed, 48, $"id table {IdTable} is outside {BytesUsed} bytes");
        Require(Ids > 0, 26, "there are no ids");
        if (Compression == SquashFsCompression.Lzo)
        {
            UnsupportedFeatureException.Throw(SquashFsFileSystem.Id, "lzo compression");
        }

        if (!Enum.IsDefined(Compression))
        {
            UnsupportedFeatureException.Throw(SquashFsFileSystem.Id, $"compression method {(int)Compression}");
        }
    }

    private static void Require(bool condition, int field, string message)
    {
        if (!condition)
        {
            ImageFormatException.Throw(SquashFsFileSystem.Id, field, message);
        }
    }

    private static ushort U16(ReadOnlySpan<byte> raw, int at) => BinaryPrimitives.ReadUInt16LittleEndian(raw[at..]);

    private static uint U32(ReadOnlySpan<byte> raw, int at) => BinaryPrimitives.ReadUInt32LittleEndian(raw[at..]);

    private static long U64(ReadOnlySpan<byte> raw, int at) => BinaryPrimitives.ReadInt64LittleEndian(raw[at..]);
}
