using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Hfs;

/// <summary>An opened volume: its catalog and its forks. Thread-safe.</summary>
internal sealed class HfsVolume : IDisposable
{
    private const uint CatalogFileId = 4;

    private readonly SliceSource _blocks;
    private readonly HfsBTree _tree;

    /// <summary>Opens the volume.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public HfsVolume(BlockSource source, HfsMdb mdb, BlockCache cache)
    {
        if (mdb.FirstBlock >= source.Length)
        {
            ImageFormatException.Throw(
                HfsFileSystem.Id, mdb.Offset + 28, $"the first allocation block stands at {mdb.FirstBlock}");
        }

        Mdb = mdb;
        _blocks = new SliceSource(source, mdb.FirstBlock, source.Length - mdb.FirstBlock);
        Forks = new HfsForks(_blocks, mdb.BlockLength, Layout, mdb.Overflow, cache);
        try
        {
            _tree = Forks.OpenTree(mdb.Catalog, CatalogFileId, cache)
                ?? throw new ImageFormatException(HfsFileSystem.Id, mdb.Offset + 146, "there is no catalog");
        }
        catch
        {
            Forks.Dispose();
            throw;
        }

        Catalog = new(_tree, HfsFileSystem.Id, HfsEntry.TryRead, CompareFolder);
    }

    /// <summary>Its trees, keys and extents.</summary>
    public static HfsLayout Layout { get; } = new(HfsFileSystem.Id, sizeof(byte), sizeof(ushort), 3);

    /// <summary>The master directory block.</summary>
    public HfsMdb Mdb { get; }

    /// <summary>Files and folders.</summary>
    public HfsCatalog<HfsEntry> Catalog { get; }

    /// <summary>Forks of files.</summary>
    public HfsForks Forks { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tree.Dispose();
        Forks.Dispose();
        _blocks.Dispose();
    }

    // Key: a byte of padding, folder, length of the name, name.
    private static int CompareFolder(ReadOnlySpan<byte> key, uint folder) =>
        key.Length < HfsEntry.KeyLength ? -1 : BinaryPrimitives.ReadUInt32BigEndian(key[1..]).CompareTo(folder);
}
