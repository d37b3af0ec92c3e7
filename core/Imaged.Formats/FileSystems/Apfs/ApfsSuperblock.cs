using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Numerics;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Signatures;

namespace Imaged.Formats.Apfs;

/// <summary>The superblock of a container (Apple File System Reference, "Container").</summary>
/// <param name="BlockSize">Bytes of a block.</param>
/// <param name="BlockCount">Blocks.</param>
/// <param name="Incompatible">Features without which it cannot be read.</param>
/// <param name="Uuid">UUID; null when it is zero.</param>
/// <param name="Transaction">When it was written.</param>
/// <param name="CheckpointBase">First block of the area with newer superblocks.</param>
/// <param name="CheckpointBlocks">Blocks of that area; with the highest bit set it is in pieces.</param>
/// <param name="CheckpointData">Area of the objects that checkpoints hold: first block, blocks.</param>
/// <param name="MapRing">Where the blocks of this checkpoint are in its area: first one, how many.</param>
/// <param name="SpaceManager">Id of what says which blocks are free.</param>
/// <param name="ObjectMap">Block of the object map.</param>
/// <param name="Volumes">Ids of the superblocks of volumes.</param>
internal sealed record ApfsSuperblock(
    int BlockSize,
    ulong BlockCount,
    ulong Incompatible,
    string? Uuid,
    ulong Transaction,
    ulong CheckpointBase,
    uint CheckpointBlocks,
    (ulong First, uint Count) CheckpointData,
    (uint First, uint Count) MapRing,
    ulong SpaceManager,
    ulong ObjectMap,
    ImmutableArray<ulong> Volumes)
{
    /// <summary>Features that are read.</summary>
    public const ulong KnownFeatures = 3; // version 1, version 2

    /// <summary>A container of two devices.</summary>
    public const ulong FusionFeature = 0x100;

    /// <summary>The highest bit of the length of an area: it is in pieces.</summary>
    public const uint InPieces = 0x8000_0000;

    private const int Kind = 1;
    private const int MinBlockSize = 4096;
    private const int MaxBlockSize = 65536;

    // An area of the largest containers has some hundred blocks.
    private const uint MaxCheckpointBlocks = 1024;
    private const int VolumesOffset = 184;
    private const int MaxVolumes = 100;

    /// <summary>Reads the superblock in the first block; null when there is none.</summary>
    public static ApfsSuperblock? TryReadFirst(BlockSource source)
    {
        SignatureReader reader = new(source, 0);
        uint blockSize = reader.U32(36);
        return reader.Has(32, "NXSB"u8) && blockSize is >= MinBlockSize and <= MaxBlockSize
            && BitOperations.IsPow2(blockSize) && source.Length >= blockSize
            ? Parse(source.ReadBytes(0, (int)blockSize))
            : null;
    }

    /// <summary>The newest superblock that is whole: of the checkpoints, or the one in the first block.</summary>
    /// <param name="source">The container.</param>
    /// <param name="first">The one in the first block.</param>
    /// <returns>Null when none is whole.</returns>
    /// <exception cref="UnsupportedFeatureException">The area of checkpoints is in pieces.</exception>
    public static ApfsSuperblock? FindNewest(BlockSource source, ApfsSuperblock first)
    {
        if ((first.CheckpointBlocks & InPieces) != 0)
        {
            throw new UnsupportedFeatureException(ApfsFileSystem.Id, "an area of checkpoints in pieces");
        }

        byte[] block = source.ReadBytes(0, first.BlockSize);
        ApfsSuperblock? newest = ApfsChecksum.IsValid(block) ? first : null;
        long blocks = source.Length / first.BlockSize;
        uint count = Math.Min(first.CheckpointBlocks, MaxCheckpointBlocks);
        for (ulong at = first.CheckpointBase; count > 0 && at < (ulong)blocks; at++, count--)
        {
            // The area holds the maps of checkpoints, too.
            source.Read((long)at * first.BlockSize, block);
            if (block.AsSpan(32).StartsWith("NXSB"u8) && ApfsBlocks.Kind(block) == Kind
                && ApfsBlocks.Transaction(block) > (newest?.Transaction ?? 0) && ApfsChecksum.IsValid(block)
                && Parse(block) is { } found && found.BlockSize == first.BlockSize)
            {
                newest = found;
            }
        }

        return newest;
    }

    private static ApfsSuperblock Parse(ReadOnlySpan<byte> raw)
    {
        ImmutableArray<ulong>.Builder volumes = ImmutableArray.CreateBuilder<ulong>();
        for (int i = 0; i < MaxVolumes; i++)
        {
            ulong id = BinaryPrimitives.ReadUInt64LittleEndian(raw[(VolumesOffset + (i * sizeof(ulong)))..]);
            if (id != 0)
            {
                volumes.Add(id);
            }
        }

        return new(
            (int)BinaryPrimitives.ReadUInt32LittleEndian(raw[36..]),
            BinaryPrimitives.ReadUInt64LittleEndian(raw[40..]),
            BinaryPrimitives.ReadUInt64LittleEndian(raw[64..]),
            SignatureReader.Format(raw.Slice(72, 16)),
            ApfsBlocks.Transaction(raw),
            BinaryPrimitives.ReadUInt64LittleEndian(raw[112..]),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[104..]),
            (BinaryPrimitives.ReadUInt64LittleEndian(raw[120..]), BinaryPrimitives.ReadUInt32LittleEndian(raw[108..])),
            (BinaryPrimitives.ReadUInt32LittleEndian(raw[136..]), BinaryPrimitives.ReadUInt32LittleEndian(raw[140..])),
            BinaryPrimitives.ReadUInt64LittleEndian(raw[152..]),
            BinaryPrimitives.ReadUInt64LittleEndian(raw[160..]),
            volumes.ToImmutable());
    }
}
