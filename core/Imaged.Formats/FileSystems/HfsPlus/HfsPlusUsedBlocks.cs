using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Hfs;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;
using Imaged.Formats.Signatures;

namespace Imaged.Formats.HfsPlus;

/// <summary>The allocation blocks in use, from the allocation file (TN1150, "Allocation File"). What an HFS volume has
/// around it is saved.</summary>
internal sealed class HfsPlusUsedBlocks : IUsedBlockMap
{
    private const uint CleanlyUnmounted = 1 << 8;
    private const uint Inconsistent = 1 << 11;
    private const uint Journaled = 1 << 13;
    private const uint AllocationFileId = 6;
    private const int AllocationFork = 112;
    private const int CacheLength = 4 << 20;

    // Boot blocks and header; its copy and a reserved sector.
    private const int HeadLength = 1536;
    private const int TailLength = 1024;

    // Flags of the journal info block.
    private const uint JournalInside = 1;
    private const uint JournalIsNew = 4;
    private const uint JournalMagic = 0x4A4E4C78;
    private const uint JournalOrder = 0x12345678;

    public static string FileSystem => HfsPlusFileSystem.Id;

    public static UsedBlocks Read(BlockSource volume)
    {
        long header = HfsPlusHeader.Find(volume);
        if (header < 0)
        {
            ImageFormatException.Throw(FileSystem, HfsPlusHeader.HeaderOffset, "there is no volume header");
        }

        SignatureReader reader = new(volume, header);
        long origin = header - HfsPlusHeader.HeaderOffset;
        long blockSize = reader.BigU32(40);
        long total = reader.BigU32(44);
        uint attributes = reader.BigU32(4);
        string? because = total > (volume.Length - origin) / blockSize ? "the volume is shorter than the file system"
            : (attributes & CleanlyUnmounted) == 0 ? "it was not unmounted cleanly"
            : (attributes & Inconsistent) != 0 ? "it is marked as inconsistent"
            : (attributes & Journaled) != 0 && !IsJournalEmpty(reader.At(origin), reader.BigU32(12) * blockSize)
                ? "its journal was not replayed"
            : null;
        return because is null
            ? Read(volume, reader, origin, total)
            : UsedBlocks.Whole(volume.Length, FileSystem, because);
    }

    private static UsedBlocks Read(BlockSource volume, SignatureReader reader, long origin, long total)
    {
        byte[] raw = new byte[HfsPlusHeader.ForkSize];
        reader.TryRead(AllocationFork, raw);
        using HfsPlusVolume opened = new(volume, new BlockCache(CacheLength));
        using HfsForkSource bitmap =
            opened.Forks.Open(HfsPlusHeader.ParseFork(raw), AllocationFileId, isResource: false);
        long end = origin + (total * opened.Forks.BlockLength);
        if (bitmap.Length < (total + 7) / 8 || end - origin < HeadLength + TailLength)
        {
            ImageFormatException.Throw(
                FileSystem, reader.Origin + AllocationFork, $"{bitmap.Length} bytes of bitmap for {total} blocks");
        }

        BlockSet used = ClusterBitmap.NewSet(volume, origin, opened.Forks.BlockLength);
        long free = total - ClusterBitmap.Mark(
            used, bitmap, total, origin, opened.Forks.BlockLength, isBigEndian: true);
        used.Mark(0, origin + HeadLength);
        used.Mark(end - TailLength, volume.Length - (end - TailLength));
        return free == opened.FreeBlocks
            ? new(FileSystem, used)
            : UsedBlocks.Whole(
                volume.Length,
                FileSystem,
                $"its bitmap has {free} free blocks, but its header says {opened.FreeBlocks}");
    }

    // The header of a journal is in the byte order of its machine.
    private static bool IsJournalEmpty(SignatureReader volume, long infoOffset)
    {
        uint flags = volume.BigU32(infoOffset);
        ulong offset = volume.BigU64(infoOffset + 36);
        if ((flags & JournalIsNew) != 0)
        {
            return true;
        }

        if ((flags & JournalInside) == 0 || offset > (ulong)volume.Volume.Length)
        {
            return false;
        }

        uint order = volume.U32((long)offset + 4);
        uint magic = order == JournalOrder ? volume.U32((long)offset) : volume.BigU32((long)offset);
        return magic == JournalMagic
            && (order == JournalOrder || order == BinaryPrimitives.ReverseEndianness(JournalOrder))
            && volume.U64((long)offset + 8) == volume.U64((long)offset + 16);
    }
}
