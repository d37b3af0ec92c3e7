using Imaged.Blocks;

namespace Imaged.Worker.Run;

/// <summary>A volume that says of each byte where on the disk it stands, whether it is stored verbatim or not: so a
/// file of its file system can be found by a place on the disk.</summary>
/// <param name="volume">The volume; stays the caller's.</param>
/// <param name="offset">Byte offset of the volume on the disk.</param>
internal sealed class LocatedSource(BlockSource volume, long offset) : BlockSource
{
    /// <inheritdoc/>
    public override long Length => volume.Length;

    /// <inheritdoc/>
    public override int SectorSize => volume.SectorSize;

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination) => volume.Read(offset, destination);

    /// <inheritdoc/>
    public override Extent GetExtent(long position)
    {
        CheckOffset(position);
        return new(position, Length - position, ExtentKind.Data, new HostRange(0, offset + position));
    }
}
