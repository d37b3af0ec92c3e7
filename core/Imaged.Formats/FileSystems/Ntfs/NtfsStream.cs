using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Ntfs;

/// <summary>The content of an attribute: a value in the record, or clusters. Immutable.</summary>
internal sealed class NtfsStream
{
    private const int Lznt1 = 1;
    private const int MaxCompressionUnit = 1 << 20;

    private readonly NtfsVolume _volume;
    private readonly IReadOnlyList<NtfsAttribute> _extents;
    private readonly long _owner;

    /// <summary>Takes the extents of an attribute.</summary>
    /// <param name="volume">Where it is.</param>
    /// <param name="extents">At least one, in the order of their clusters.</param>
    /// <param name="owner">Byte offset that errors name.</param>
    public NtfsStream(NtfsVolume volume, IReadOnlyList<NtfsAttribute> extents, long owner)
    {
        _volume = volume;
        _extents = extents;
        _owner = owner;
    }

    /// <summary>Length in bytes.</summary>
    public long Size => First.Size;

    private NtfsAttribute First => _extents[0];

    /// <summary>Opens it for reading.</summary>
    /// <param name="isMetadata">Whether it is read through the cache of the volume.</param>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">It is encrypted, or compressed in another way.</exception>
    public BlockSource Open(bool isMetadata = false)
    {
        if (First.IsEncrypted)
        {
            UnsupportedFeatureException.Throw(NtfsFileSystem.Id, "reading files that Windows encrypted (EFS)");
        }

        if (First.IsResident)
        {
            return new MemorySource(First.Value.ToArray());
        }

        BlockSource volume = isMetadata ? _volume.Metadata : _volume.Source;
        ClusterChain chain = Chain();
        if (First.Compression == 0)
        {
            return new ClusterSource(volume, chain, Size, First.Initialized, NtfsFileSystem.Id, _owner);
        }

        if (First.Compression != Lznt1)
        {
            UnsupportedFeatureException.Throw(NtfsFileSystem.Id, $"compression method {First.Compression}");
        }

        int unit = First.CompressionUnit is > 0 and <= 16 ? First.CompressionUnit : 0;
        long unitLength = (long)_volume.Boot.ClusterSize << unit;
        if (unit == 0 || unitLength > MaxCompressionUnit)
        {
            ImageFormatException.Throw(
                NtfsFileSystem.Id, _owner, $"compression unit 2^{First.CompressionUnit} outside 1 to 1 MiB");
        }

        ClusterSource stored = new(volume, chain, chain.Length, chain.Length, NtfsFileSystem.Id, _owner);
        return new NtfsCompressedSource(
            stored, chain, (int)unitLength, Size, Math.Min(First.Initialized, Size), _owner, _volume.Cache);
    }

    /// <summary>The clusters of an attribute that is not a value in its record. Damage shows when the bytes are read
    /// that cannot be found.</summary>
    public ClusterChain Chain()
    {
        NtfsRunList runs = new(_volume.Boot);
        foreach (NtfsAttribute extent in _extents)
        {
            runs.Append(extent);
        }

        return runs.ToChain();
    }
}
