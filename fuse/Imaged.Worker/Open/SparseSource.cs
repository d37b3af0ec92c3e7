using Imaged.Blocks;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker.Open;

/// <summary>A disk to be copied: what lies in a hole of a host file is known to be zero, and need not be read. Not for
/// planning how to attach it, for which a file with holes is as good as one without.</summary>
/// <param name="disk">The disk; stays the caller's.</param>
/// <param name="files">Its files.</param>
internal sealed class SparseSource(BlockSource disk, WorkerFiles files) : BlockSource
{
    /// <inheritdoc/>
    public override long Length => disk.Length;

    /// <inheritdoc/>
    public override int SectorSize => disk.SectorSize;

    /// <inheritdoc/>
    public override bool IsOneWay => disk.IsOneWay;

    /// <inheritdoc/>
    public override void ExpectOnePass() => disk.ExpectOnePass();

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination) => disk.Read(offset, destination);

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        Extent extent = disk.GetExtent(offset);
        if (extent is not { Kind: ExtentKind.Data, Host: { } host })
        {
            return extent;
        }

        SafeFileHandle file = files.HandleOf(host.FileIndex);
        if (!HostPath.Identify(file).IsRegular)
        {
            return extent;
        }

        bool isHole = FileHoles.IsHole(file, host.Offset, out long end);
        long length = Math.Min(extent.Length, end - host.Offset);
        return isHole ? new(offset, length, ExtentKind.Zero) : extent with { Length = length };
    }
}
