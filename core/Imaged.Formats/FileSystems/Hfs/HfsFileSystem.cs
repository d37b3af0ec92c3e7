using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Signatures;

namespace Imaged.Formats.Hfs;

/// <summary>HFS, the file system of Mac OS before HFS+.</summary>
internal sealed class HfsFileSystem : IFileSystem
{
    public const string Id = "hfs";

    public static Model.FileSystemInfo Info { get; } = new(Id, "HFS", CanRead: true);

    public static VolumeInfo? Probe(BlockSource volume) => HfsMdb.TryRead(volume) is { } mdb ? Describe(mdb) : null;

    public static FileTree Open(BlockSource volume, FileTreeOptions options)
    {
        HfsMdb mdb = HfsMdb.TryRead(volume)
            ?? throw new ImageFormatException(Id, 1024, "there is no master directory block");
        HfsVolume opened = new(volume, mdb, options.Cache);
        try
        {
            return new HfsTree(opened, Describe(mdb));
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private static VolumeInfo Describe(HfsMdb mdb) =>
        new(Id, SignatureReader.Product((ulong)mdb.TotalBlocks, (ulong)mdb.BlockLength))
        {
            Label = mdb.Label,
            Uuid = mdb.Uuid,
            KernelType = Id,
            Details = [new("Block size", mdb.BlockLength.ToString(CultureInfo.InvariantCulture))],
            Warnings =
            [
                .. mdb.IsAlternate
                    ? ["the master directory block is damaged; its copy at the end of the volume is used"]
                    : (ReadOnlySpan<string>)[],
                .. mdb.IsClean ? (ReadOnlySpan<string>)[] : ["the volume was not unmounted cleanly"],
            ],
        };
}
