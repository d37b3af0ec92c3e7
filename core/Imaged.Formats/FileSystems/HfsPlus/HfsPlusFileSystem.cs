using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Signatures;

namespace Imaged.Formats.HfsPlus;

/// <summary>HFS+ and HFSX, also inside an HFS volume that is only there for systems that know no other.</summary>
internal sealed class HfsPlusFileSystem : IFileSystem
{
    public const string Id = "hfsplus";

    private const uint CleanlyUnmounted = 1 << 8;
    private const uint Journaled = 1 << 13;

    public static Model.FileSystemInfo Info { get; } = new(Id, "HFS+", CanRead: true);

    public static VolumeInfo? Probe(BlockSource volume)
    {
        long origin = HfsPlusHeader.Find(volume);
        if (origin < 0)
        {
            return null;
        }

        SignatureReader reader = new(volume, origin);
        uint attributes = reader.BigU32(4);
        return new VolumeInfo(Id, SignatureReader.Product(reader.BigU32(44), reader.BigU32(40)))
        {
            Version = reader.Has(0, "HX"u8) ? "HFSX" : "HFS+",
            Label = HfsPlusHeader.Label(reader),
            Uuid = HfsPlusHeader.Uuid(reader),
            KernelType = Id,
            Details =
            [
                new("Block size", reader.BigU32(40).ToString(CultureInfo.InvariantCulture)),
                new("Journal", (attributes & Journaled) != 0 ? "yes" : "no"),
            ],
            Warnings = (attributes & CleanlyUnmounted) == 0
                ? ["the volume was not unmounted cleanly; its journal is not replayed"]
                : [],
        };
    }

    public static FileTree Open(BlockSource volume, FileTreeOptions options)
    {
        VolumeInfo? info = Probe(volume);
        if (info is null)
        {
            ImageFormatException.Throw(Id, 1024, "there is no volume header");
        }

        HfsPlusVolume opened = new(volume, options.Cache);
        try
        {
            return new HfsPlusTree(opened, info);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }
}
