using System.Buffers.Binary;
using System.Numerics;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Signatures;

namespace Imaged.Formats.HfsPlus;

/// <summary>An opened volume: its header and its three trees. Thread-safe.</summary>
internal sealed class HfsPlusVolume : IDisposable
{
    private const int HeaderOffset = 1024;
    private const int HeaderLength = 512;
    private const uint ExtentsFileId = 3;
    private const uint CatalogFileId = 4;
    private const uint AttributesFileId = 8;

    // A file of so many pieces would take an hour to read from a disk.
    private const int MaxExtents = 1 << 20;

    private readonly SliceSource _volume;
    private readonly HfsBTree? _extents;

    /// <summary>Opens the volume.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public HfsPlusVolume(BlockSource source, BlockCache cache)
    {
        long header = HfsVolume.FindPlus(source);
        if (header < HeaderOffset || header > source.Length - HeaderLength)
        {
            ImageFormatException.Throw(HfsPlusFileSystem.Id, HeaderOffset, "there is no volume header");
        }

        Cache = cache;
        byte[] raw = source.ReadBytes(header, HeaderLength);
        _volume = new SliceSource(source, header - HeaderOffset, source.Length - header + HeaderOffset);
        uint blockLength = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(40));
        if (blockLength is < 512 or > 1 << 30 || !BitOperations.IsPow2(blockLength))
        {
            ImageFormatException.Throw(HfsPlusFileSystem.Id, header + 40, $"allocation blocks of {blockLength} bytes");
        }

        BlockLength = (int)blockLength;
        FileCount = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(32));
        FolderCount = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(36));
        TotalBlocks = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(44));
        FreeBlocks = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(48));
        CreateDate = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(16));
        HfsBTree? catalog = null;
        try
        {
            // The extents file has no extents but those in the header.
            _extents = OpenTree(raw.AsSpan(192), ExtentsFileId);
            catalog = OpenTree(raw.AsSpan(272), CatalogFileId);
            Catalog = catalog
                ?? throw new ImageFormatException(HfsPlusFileSystem.Id, header + 272, "there is no catalog");
            Attributes = OpenTree(raw.AsSpan(352), AttributesFileId);
        }
        catch
        {
            catalog?.Dispose();
            _extents?.Dispose();
            throw;
        }
    }

    /// <summary>For decoded blocks.</summary>
    public BlockCache Cache { get; }

    /// <summary>Bytes of an allocation block.</summary>
    public int BlockLength { get; }

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
    public HfsBTree Catalog { get; }

    /// <summary>Extended attributes; null when there never was one.</summary>
    public HfsBTree? Attributes { get; }

    /// <summary>Opens a fork.</summary>
    /// <param name="fork">As the catalog has it.</param>
    /// <param name="file">Id of its file.</param>
    /// <param name="isResource">Whether it is the resource fork.</param>
    /// <exception cref="ImageFormatException">Its extents are damaged.</exception>
    public HfsForkSource OpenFork(HfsFork fork, uint file, bool isResource)
    {
        List<HfsExtent> extents = [];
        long blocks = HfsExtent.Append(fork.Extents, extents);
        if (blocks < fork.Blocks && _extents is not null && file != ExtentsFileId)
        {
            AppendOverflow(_extents, file, isResource ? 0xffu : 0, blocks, fork.Blocks, extents);
        }

        return new HfsForkSource(_volume, BlockLength, extents, fork.Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Attributes?.Dispose();
        Catalog.Dispose();
        _extents?.Dispose();
        _volume.Dispose();
    }

    private HfsBTree? OpenTree(ReadOnlySpan<byte> raw, uint file)
    {
        HfsFork fork = HfsFork.Parse(raw);
        return fork.Length == 0 ? null : new HfsBTree(OpenFork(fork, file, isResource: false), Cache);
    }

    // Key: kind of fork, a byte of padding, file, first block of the fork that the record tells of.
    private static void AppendOverflow(
        HfsBTree tree, uint file, uint kind, long blocks, uint total, List<HfsExtent> extents)
    {
        ulong wanted = ((ulong)file << 8) | kind;
        foreach ((HfsNode node, int index) in tree.From(key => Compare(key, wanted, (uint)blocks)))
        {
            ReadOnlySpan<byte> key = node.Read(index, 0, out ReadOnlySpan<byte> data);
            if (blocks >= total || data.Length < HfsExtent.RecordLength || Compare(key, wanted, (uint)blocks) != 0)
            {
                break;
            }

            blocks += HfsExtent.Append(data, extents);
            if (extents.Count > MaxExtents || blocks > uint.MaxValue)
            {
                ImageFormatException.Throw(HfsPlusFileSystem.Id, 0, $"file {file} has more than {MaxExtents} extents");
            }
        }
    }

    private static int Compare(ReadOnlySpan<byte> key, ulong wanted, uint block)
    {
        if (key.Length < 10)
        {
            return -1;
        }

        ulong found = ((ulong)BinaryPrimitives.ReadUInt32BigEndian(key[2..]) << 8) | key[0];
        int order = found.CompareTo(wanted);
        return order != 0 ? order : BinaryPrimitives.ReadUInt32BigEndian(key[6..]).CompareTo(block);
    }
}
