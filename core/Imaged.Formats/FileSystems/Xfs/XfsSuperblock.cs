using System.Buffers.Binary;
using System.Numerics;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Xfs;

/// <summary>The superblock of XFS ("XFS Algorithms and Data Structures", "Superblocks"), as far as the maps of free
/// space need it.</summary>
/// <param name="Version">4, or 5 where metadata has checksums.</param>
/// <param name="BlockSize">Bytes of a block: 512 to 65536.</param>
/// <param name="SectorSize">Bytes of a sector: 512 to 32768.</param>
/// <param name="Blocks">Blocks of the file system.</param>
/// <param name="GroupBlocks">Blocks of an allocation group, of which the last one may be shorter.</param>
/// <param name="Groups">Number of allocation groups.</param>
/// <param name="LogOffset">Byte offset of the log in the volume; 0 when it is on another device.</param>
/// <param name="LogLength">Bytes of the log.</param>
internal sealed record XfsSuperblock(
    int Version,
    int BlockSize,
    int SectorSize,
    long Blocks,
    long GroupBlocks,
    long Groups,
    long LogOffset,
    long LogLength)
{
    public const string Id = "xfs";

    private const int Length = 264;
    private const int ChecksumOffset = 224;

    // finobt, rmapbt, reflink, inobtcount.
    private const uint KnownReadOnly = 0xf;

    // ftype, sparse inodes, meta_uuid, bigtime, nrext64, exchange, parent; not "needs repair" (0x10), nor what came
    // with realtime groups.
    private const uint KnownIncompatible = 0xef;

    /// <summary>Reads it.</summary>
    /// <exception cref="ImageFormatException">A field that addresses are computed from makes no sense.</exception>
    /// <exception cref="UnsupportedFeatureException">It has features that may change the maps.</exception>
    public static XfsSuperblock Read(BlockSource volume)
    {
        Span<byte> raw = stackalloc byte[Length];
        if (volume.ReadUpTo(0, raw) < Length || !raw.StartsWith("XFSB"u8))
        {
            ImageFormatException.Throw(Id, 0, "there is no superblock");
        }

        uint blockSize = U32(raw, 4);
        int sectorSize = BinaryPrimitives.ReadUInt16BigEndian(raw[102..]);
        ulong blocks = BinaryPrimitives.ReadUInt64BigEndian(raw[8..]);
        uint groupBlocks = U32(raw, 84);
        uint groups = U32(raw, 88);
        int version = BinaryPrimitives.ReadUInt16BigEndian(raw[100..]) & 0xf;
        int groupShift = raw[124];
        Check(version is 4 or 5, 100, $"version {version} is not 4 or 5");
        Check(blockSize is >= 512 and <= 65536 && BitOperations.IsPow2(blockSize), 4, $"blocks of {blockSize} bytes");
        Check(
            sectorSize is >= 512 and <= 32768 && BitOperations.IsPow2(sectorSize)
            && 4L * sectorSize <= groupBlocks * (long)blockSize,
            102,
            $"sectors of {sectorSize} bytes");
        Check(blocks > 0 && blocks <= (ulong)(long.MaxValue / blockSize), 8, $"sb_dblocks {blocks}");
        Check(
            groupBlocks >= 64 && groupShift <= 31 && groupBlocks <= 1L << groupShift
            && groups == (blocks + groupBlocks - 1) / groupBlocks,
            84,
            $"{groups} allocation groups of {groupBlocks} blocks");
        CheckFeatures(raw, version);
        Check(
            version == 4 || IsChecksumRight(volume, sectorSize),
            ChecksumOffset,
            "the checksum of the superblock is wrong");

        ulong log = BinaryPrimitives.ReadUInt64BigEndian(raw[48..]);
        long logBlocks = U32(raw, 96);
        ulong logGroup = log >> groupShift;
        ulong logBlock = (logGroup * groupBlocks) + (log & ((1ul << groupShift) - 1));
        Check(
            log == 0 || (logGroup < groups && logBlock < blocks && logBlocks <= (long)(blocks - logBlock)),
            48,
            $"a log of {logBlocks} blocks at block {log}");
        return new(
            version,
            (int)blockSize,
            sectorSize,
            (long)blocks,
            groupBlocks,
            groups,
            log == 0 ? 0 : (long)logBlock * blockSize,
            logBlocks * blockSize);
    }

    private static void CheckFeatures(ReadOnlySpan<byte> raw, int version)
    {
        if (raw[126] != 0)
        {
            UnsupportedFeatureException.Throw(Id, "a file system that mkfs did not finish");
        }

        if (BinaryPrimitives.ReadUInt64BigEndian(raw[16..]) != 0)
        {
            UnsupportedFeatureException.Throw(Id, "a realtime device");
        }

        if (version == 5)
        {
            uint readOnly = U32(raw, 212) & ~KnownReadOnly;
            uint incompatible = U32(raw, 216) & ~KnownIncompatible;
            if ((readOnly | incompatible) != 0)
            {
                UnsupportedFeatureException.Throw(
                    Id, $"feature ro_compat {readOnly:x}, incompat {incompatible:x}");
            }
        }
    }

    private static bool IsChecksumRight(BlockSource volume, int sectorSize)
    {
        byte[] sector = new byte[sectorSize];
        return volume.ReadUpTo(0, sector) == sectorSize
            && BinaryPrimitives.ReadUInt32LittleEndian(sector.AsSpan(ChecksumOffset))
                == Crc32C.OfStructure(sector, ChecksumOffset);
    }

    private static void Check(bool condition, int field, string message)
    {
        if (!condition)
        {
            ImageFormatException.Throw(Id, field, message);
        }
    }

    private static uint U32(ReadOnlySpan<byte> raw, int at) => BinaryPrimitives.ReadUInt32BigEndian(raw[at..]);
}
