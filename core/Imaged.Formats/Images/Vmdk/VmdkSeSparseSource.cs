using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vmdk;

/// <summary>The grains of a space-efficient sparse extent of ESXi 5.1 and later. Numbers are little endian, places are
/// counted in sectors.</summary>
internal sealed class VmdkSeSparseSource : MappedSource
{
    private const int SectorLength = VmdkSparseHeader.SectorLength;
    private const ulong Magic = 0xcafebabe;
    private const ulong VolatileMagic = 0xcafecafe;
    private const ulong Version = 0x2_0000_0001;
    private const ulong GrainSectors = 8;
    private const ulong TableSectors = 64;
    private const int TableCount = (int)TableSectors * SectorLength / 8;
    private const ulong MaxSectors = 1ul << 50;
    private const ulong DirectoryTag = 0x1000_0000;

    private readonly ulong _directory;
    private readonly ulong _tables;
    private readonly ulong _grains;

    private VmdkSeSparseSource(
        BlockSource file, BlockCache cache, long length, ulong directory, ulong tables, ulong grains)
        : base(VmdkFormat.Info.Id, file, cache, length, (long)GrainSectors * SectorLength, 8)
    {
        _directory = directory;
        _tables = tables;
        _grains = grains;
    }

    private enum GrainType
    {
        Unallocated = 0,
        Unmapped = 1,
        Zero = 2,
        Allocated = 3,
    }

    /// <summary>Whether a file begins with such an extent.</summary>
    public static bool IsSeSparse(ReadOnlySpan<byte> head) =>
        head.Length >= 16 && BinaryPrimitives.ReadUInt64LittleEndian(head) == Magic;

    /// <summary>Parses the header, and gives the grains; the file stays its owner's.</summary>
    /// <exception cref="ImageFormatException">The header is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">A version or size is not known, or the journal has
    /// something.</exception>
    public static VmdkSeSparseSource Open(BlockSource file, BlockCache cache)
    {
        Span<byte> raw = stackalloc byte[SectorLength];
        if (file.ReadUpTo(0, raw) < raw.Length || !IsSeSparse(raw))
        {
            VmdkFormat.Throw(0, "there is no space-efficient sparse extent");
        }

        ulong version = BinaryPrimitives.ReadUInt64LittleEndian(raw[8..]);
        ulong capacity = BinaryPrimitives.ReadUInt64LittleEndian(raw[16..]);
        ulong grain = BinaryPrimitives.ReadUInt64LittleEndian(raw[24..]);
        ulong table = BinaryPrimitives.ReadUInt64LittleEndian(raw[32..]);
        ulong volatileHeader = BinaryPrimitives.ReadUInt64LittleEndian(raw[80..]);
        ulong directory = BinaryPrimitives.ReadUInt64LittleEndian(raw[128..]);
        ulong tables = BinaryPrimitives.ReadUInt64LittleEndian(raw[144..]);
        ulong grains = BinaryPrimitives.ReadUInt64LittleEndian(raw[192..]);
        if (version != Version || grain != GrainSectors || table != TableSectors)
        {
            throw new UnsupportedFeatureException(
                VmdkFormat.Info.Id,
                $"seSparse version {version:x} with grains of {grain} and tables of {table} sectors");
        }

        ulong end = (ulong)file.Length / SectorLength;
        if (capacity > MaxSectors || directory >= end || tables >= end || grains > end || volatileHeader >= end)
        {
            VmdkFormat.Throw(16, $"the tables of {capacity} sectors are not inside the file");
        }

        file.Read((long)volatileHeader * SectorLength, raw);
        if (BinaryPrimitives.ReadUInt64LittleEndian(raw) != VolatileMagic)
        {
            VmdkFormat.Throw((long)volatileHeader * SectorLength, "there is no volatile header");
        }

        return BinaryPrimitives.ReadUInt64LittleEndian(raw[24..]) == 0
            ? new(file, cache, (long)capacity * SectorLength, directory, tables, grains)
            : throw new UnsupportedFeatureException(VmdkFormat.Info.Id, "replaying the journal of a seSparse extent");
    }

    /// <inheritdoc/>
    protected override EntryRun Locate(long index)
    {
        int inTable = (int)(index % TableCount);
        long left = TableCount - inTable;
        ulong at = (_directory * SectorLength) + (ulong)(index / TableCount * 8);
        Span<byte> raw = stackalloc byte[8];
        if (!TryReadTable(at, raw))
        {
            return EntryRun.Damaged(at, left, "the grain directory is not inside the file");
        }

        ulong entry = BinaryPrimitives.ReadUInt64LittleEndian(raw);
        if (entry == 0)
        {
            return EntryRun.Missing(left);
        }

        ulong table = (_tables + ((entry & uint.MaxValue) * TableSectors)) * SectorLength;
        return entry >> 32 == DirectoryTag
            ? EntryRun.At(table + (ulong)(inTable * 8), left)
            : EntryRun.Damaged(at, left, $"the grain directory has the entry {entry:x16}");
    }

    /// <inheritdoc/>
    protected override Chunk Describe(in TableEntry entry)
    {
        ulong value = entry.UInt64Little;
        switch ((GrainType)(value >> 60))
        {
            case GrainType.Unallocated when value == 0:
                return Unallocated(entry);
            case GrainType.Unmapped or GrainType.Zero:
                return Zero(entry);
            case GrainType.Allocated:
                // The number of the grain is stored with its lowest twelve bits in front of the others.
                ulong grain = ((value & 0x0fff_0000_0000_0000) >> 48) | ((value & 0x0000_ffff_ffff_ffff) << 12);
                return grain < (ulong)ImageFile.Length
                    ? Stored(entry, ImageFile, (_grains + (grain * GrainSectors)) * SectorLength)
                    : Damaged(entry, $"there is no grain {grain}");
            default:
                return Damaged(entry, $"the grain table has the entry {value:x16}");
        }
    }
}
