using System.Buffers.Binary;
using System.Numerics;
using Imaged.Blocks;
using Imaged.Formats.Hfs;
using Imaged.Formats.Model;

namespace Imaged.Formats.HfsPlus;

/// <summary>An opened volume: its header and its three trees. Thread-safe.</summary>
internal sealed class HfsPlusVolume : IDisposable
{
    private const int HeaderLength = 512;
    private const uint CatalogFileId = 4;
    private const uint AttributesFileId = 8;

    private readonly SliceSource _volume;

    /// <summary>Opens the volume.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public HfsPlusVolume(BlockSource source, BlockCache cache)
    {
        long header = HfsPlusHeader.Find(source);
        if (header < HfsPlusHeader.HeaderOffset || header > source.Length - HeaderLength)
        {
            ImageFormatException.Throw(HfsPlusFileSystem.Id, HfsPlusHeader.HeaderOffset, "there is no volume header");
        }

        Cache = cache;
        byte[] raw = source.ReadBytes(header, HeaderLength);
        long origin = header - HfsPlusHeader.HeaderOffset;
        _volume = new SliceSource(source, origin, source.Length - origin);
        uint blockLength = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(40));
        if (blockLength is < 512 or > 1 << 30 || !BitOperations.IsPow2(blockLength))
        {
            ImageFormatException.Throw(HfsPlusFileSystem.Id, header + 40, $"allocation blocks of {blockLength} bytes");
        }

        FileCount = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(32));
        FolderCount = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(36));
        TotalBlocks = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(44));
        FreeBlocks = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(48));
        CreateDate = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(16));
        Forks = new HfsForks(_volume, (int)blockLength, Layout, HfsPlusHeader.ParseFork(raw.AsSpan(192)), cache);
        HfsBTree? catalog = null;
        try
        {
            catalog = OpenTree(raw.AsSpan(272), CatalogFileId);
            CatalogTree = catalog
                ?? throw new ImageFormatException(HfsPlusFileSystem.Id, header + 272, "there is no catalog");
            Catalog = new(catalog, HfsPlusFileSystem.Id, HfsPlusEntry.TryRead, HfsPlusLinks.Compare);
            Attributes = OpenTree(raw.AsSpan(352), AttributesFileId);
        }
        catch
        {
            catalog?.Dispose();
            Forks.Dispose();
            throw;
        }
    }

    /// <summary>Its trees, keys and extents.</summary>
    public static HfsLayout Layout { get; } = new(HfsPlusFileSystem.Id, sizeof(ushort), sizeof(uint), 8);

    /// <summary>For decoded blocks.</summary>
    public BlockCache Cache { get; }

    /// <summary>Forks of files.</summary>
    public HfsForks Forks { get; }

    /// <summary>Allocation blocks.</summary>
    public uint TotalBlocks { get; }

    /// <summary>Those that are free.</summary>
    public uint FreeBlocks { get; }

    /// <summary>Files.</summary>
    public uint FileCount { get; }

    /// <summary>Folders but the root.</summary>
    public uint FolderCount { get; }

    /// <summary>When the volume was made: local time, in seconds since 1904.</summary>
    public uint CreateDate { get; }

    /// <summary>Files and folders.</summary>
    public HfsCatalog<HfsPlusEntry> Catalog { get; }

    /// <summary>The tree that holds them.</summary>
    public HfsBTree CatalogTree { get; }

    /// <summary>Extended attributes; null when there never was one.</summary>
    public HfsBTree? Attributes { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Attributes?.Dispose();
        CatalogTree.Dispose();
        Forks.Dispose();
        _volume.Dispose();
    }

    private HfsBTree? OpenTree(ReadOnlySpan<byte> raw, uint file) =>
        Forks.OpenTree(HfsPlusHeader.ParseFork(raw), file, Cache);
}
