using Imaged.Formats.Model;

namespace Imaged.Formats.Hfs;

/// <summary>The files of an HFS volume.</summary>
internal sealed class HfsTree : HfsCatalogTree<HfsEntry>
{
    private readonly HfsVolume _volume;

    /// <summary>Takes over the volume, unless it throws.</summary>
    public HfsTree(HfsVolume volume, VolumeInfo info)
        : base(volume.Catalog, volume.Forks, info) => _volume = volume;

    public override TreeStatistics Statistics => new(
        (long)_volume.Mdb.TotalBlocks * _volume.Mdb.BlockLength,
        (long)Math.Min(_volume.Mdb.FreeBlocks, _volume.Mdb.TotalBlocks) * _volume.Mdb.BlockLength,
        (long)_volume.Mdb.Files + _volume.Mdb.Folders + 1,
        _volume.Mdb.BlockLength);

    public override ReadOnlyMemory<byte> ReadLink(ulong node) =>
        throw new ImageFormatException(HfsFileSystem.Id, 0, $"node {node:x} is no symbolic link");

    protected override void Dispose(bool disposing) => _volume.Dispose();
}
