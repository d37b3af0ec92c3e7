using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vmdk;

/// <summary>The header of a sparse extent, hosted (<c>KDMV</c>) or of ESX (<c>COWD</c>), checked (Virtual Disk Format
/// 5.0, "Hosted Sparse Extents", "ESXi Host Sparse Extents"). Numbers are little endian.</summary>
/// <param name="Length">Length of the extent in bytes.</param>
/// <param name="GrainLength">Length of a grain in bytes.</param>
/// <param name="TableCount">Entries of a grain table.</param>
/// <param name="DirectoryOffset">Byte offset of the grain directory.</param>
internal sealed record VmdkSparseHeader(long Length, int GrainLength, int TableCount, long DirectoryOffset)
{
    /// <summary>Length of a sector in bytes.</summary>
    public const int SectorLength = 512;

    private const int FooterFromEnd = 1024;
    private const ulong DirectoryAtEnd = ulong.MaxValue;
    private const ulong MaxSectors = 1ul << 50;
    private const ulong MaxGrain = 64 << 20;
    private const uint MaxTable = 1 << 16;

    // Compressed grains are decoded as a whole; those of all programs have 64 KiB.
    private const ulong MaxCompressedGrain = 2 << 20;
    private const int CowdTableCount = 4096;

    private const uint NewlineTest = 1;
    private const uint RedundantDirectory = 2;
    private const uint ZeroGrains = 4;
    private const uint IsCompressedFlag = 1 << 16;
    private const uint HasMarkersFlag = 1 << 17;

    /// <summary>Whether the table entry 1 means a grain of zeros.</summary>
    public bool HasZeroGrains { get; private init; }

    /// <summary>Whether grains are zlib streams.</summary>
    public bool IsCompressed { get; private init; }

    /// <summary>Whether address and length stand before each stream.</summary>
    public bool HasMarkers { get; private init; }

    /// <summary>Whether the extent was not closed.</summary>
    public bool IsUnclean { get; private init; }

    /// <summary>Byte offset of the embedded descriptor; 0 for none.</summary>
    public long DescriptorOffset { get; private init; }

    /// <summary>Length of the embedded descriptor in bytes.</summary>
    public long DescriptorLength { get; private init; }

    /// <summary>Whether a file begins with a hosted sparse extent.</summary>
    public static bool IsHosted(ReadOnlySpan<byte> head) => head.StartsWith("KDMV"u8);

    /// <summary>Whether a file begins with a sparse extent of ESX.</summary>
    public static bool IsCowd(ReadOnlySpan<byte> head) =>
        head.Length >= 8 && head.StartsWith("COWD"u8) && BinaryPrimitives.ReadUInt32LittleEndian(head[4..]) == 1;

    /// <summary>Parses and checks the header of either kind.</summary>
    /// <exception cref="ImageFormatException">It is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">The version or the compression is not known.</exception>
    public static VmdkSparseHeader Parse(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[SectorLength];
        ReadHeader(file, 0, raw);
        if (IsCowd(raw))
        {
            return ParseCowd(raw);
        }

        if (!IsHosted(raw))
        {
            VmdkFormat.Throw(0, "there is no sparse extent");
        }

        // A stream is written before its directory's place is known; the header that knows it follows at the end.
        if (BinaryPrimitives.ReadUInt64LittleEndian(raw[56..]) == DirectoryAtEnd)
        {
            ReadHeader(file, file.Length - FooterFromEnd, raw);
            if (!IsHosted(raw))
            {
                VmdkFormat.Throw(56, "the grain directory is at the end, but there is no footer");
            }
        }

        return ParseHosted(raw, file);
    }

    private static void ReadHeader(BlockSource file, long offset, Span<byte> raw)
    {
        if (offset < 0 || offset > file.Length - raw.Length)
        {
            VmdkFormat.Throw(0, $"a file of {file.Length} bytes has no place for the header");
        }

        file.Read(offset, raw);
    }

    private static VmdkSparseHeader ParseHosted(ReadOnlySpan<byte> raw, BlockSource file)
    {
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]);
        ulong grain = BinaryPrimitives.ReadUInt64LittleEndian(raw[20..]);
        uint table = BinaryPrimitives.ReadUInt32LittleEndian(raw[44..]);
        ushort compression = BinaryPrimitives.ReadUInt16LittleEndian(raw[77..]);
        if (version is < 1 or > 3)
        {
            throw new UnsupportedFeatureException(VmdkFormat.Info.Id, $"version {version}");
        }

        if ((flags & NewlineTest) != 0 && !raw[73..].StartsWith("\n \r\n"u8))
        {
            VmdkFormat.Throw(73, "the file was changed by a transfer as text");
        }

        if (compression > 1)
        {
            throw new UnsupportedFeatureException(VmdkFormat.Info.Id, $"compression {compression}");
        }

        if (grain is < 8 or > MaxGrain / SectorLength || !ulong.IsPow2(grain))
        {
            VmdkFormat.Throw(20, $"the grain size {grain} is no power of two of sectors from 8 to 131072");
        }

        if ((flags & IsCompressedFlag) != 0 && grain > MaxCompressedGrain / SectorLength)
        {
            throw new UnsupportedFeatureException(VmdkFormat.Info.Id, $"compression in grains of {grain} sectors");
        }

        if (table is < 1 or > MaxTable)
        {
            VmdkFormat.Throw(44, $"a grain table has {table} entries, not 1 to {MaxTable}");
        }

        ulong directory = BinaryPrimitives.ReadUInt64LittleEndian(raw[56..]);
        ulong redundant = BinaryPrimitives.ReadUInt64LittleEndian(raw[48..]);
        if (!IsInside(directory, file) && (flags & RedundantDirectory) != 0)
        {
            directory = redundant;
        }

        if (!IsInside(directory, file))
        {
            VmdkFormat.Throw(56, $"the grain directory at sector {directory} is not inside the file");
        }

        ulong descriptor = BinaryPrimitives.ReadUInt64LittleEndian(raw[28..]);
        ulong descriptorLength = BinaryPrimitives.ReadUInt64LittleEndian(raw[36..]);
        bool hasDescriptor = descriptor != 0 && descriptorLength != 0;
        if (hasDescriptor && (!IsInside(descriptor, file)
            || descriptorLength > ((ulong)file.Length / SectorLength) - descriptor))
        {
            VmdkFormat.Throw(28, $"the descriptor at sector {descriptor} is not inside the file");
        }

        return new(
            LengthOf(BinaryPrimitives.ReadUInt64LittleEndian(raw[12..])),
            (int)grain * SectorLength,
            (int)table,
            (long)directory * SectorLength)
        {
            HasZeroGrains = (flags & ZeroGrains) != 0,
            IsCompressed = (flags & IsCompressedFlag) != 0,
            HasMarkers = (flags & HasMarkersFlag) != 0,
            IsUnclean = raw[72] != 0,
            DescriptorOffset = hasDescriptor ? (long)descriptor * SectorLength : 0,
            DescriptorLength = hasDescriptor ? (long)descriptorLength * SectorLength : 0,
        };
    }

    private static VmdkSparseHeader ParseCowd(ReadOnlySpan<byte> raw)
    {
        uint grain = BinaryPrimitives.ReadUInt32LittleEndian(raw[16..]);
        if (grain is < 1 or > (uint)MaxGrain / SectorLength)
        {
            VmdkFormat.Throw(16, $"the grain size {grain} is not 1 to 131072 sectors");
        }

        return new(
            LengthOf(BinaryPrimitives.ReadUInt32LittleEndian(raw[12..])),
            (int)grain * SectorLength,
            CowdTableCount,
            BinaryPrimitives.ReadUInt32LittleEndian(raw[20..]) * (long)SectorLength);
    }

    private static bool IsInside(ulong sector, BlockSource file) =>
        sector != 0 && sector < (ulong)file.Length / SectorLength;

    private static long LengthOf(ulong sectors)
    {
        if (sectors > MaxSectors)
        {
            VmdkFormat.Throw(12, $"the capacity of {sectors} sectors is above {MaxSectors}");
        }

        return (long)sectors * SectorLength;
    }
}
