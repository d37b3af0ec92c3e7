using System.Collections.Immutable;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Wim;

/// <summary>Windows images: files by their SHA-1, and for each image a directory tree. The image is chosen like a
/// session.</summary>
internal sealed class WimFileSystem : IFileSystem
{
    /// <summary>Id of the file system.</summary>
    public const string Id = "wim";

    // So many images are named by what is told of a volume.
    private const int MaxNamed = 64;

    public static Model.FileSystemInfo Info { get; } = new(Id, "Windows images (WIM)", CanRead: true);

    public static VolumeInfo? Probe(BlockSource volume)
    {
        Span<byte> head = stackalloc byte[16];
        if (volume.ReadUpTo(0, head) < head.Length || !WimHeader.IsMagic(head))
        {
            return null;
        }

        try
        {
            return Describe(volume, WimHeader.Read(volume, 0), null);
        }
        catch (IOException error) when (error is ImageFormatException or UnsupportedFeatureException)
        {
            // Opening it tells why it cannot be read.
            return new VolumeInfo(Id, volume.Length);
        }
    }

    public static FileTree Open(BlockSource volume, FileTreeOptions options)
    {
        List<WimPart> parts = WimPart.ReadAll(volume);
        WimBlobTable blobs = new(parts, options.Cache);
        int image = options.Session ?? 1;
        if (image < 1 || image > blobs.Trees.Count)
        {
            UnsupportedFeatureException.Throw(Id, $"image {image} of a WIM with {blobs.Trees.Count}");
        }

        BlockSource tree = blobs.Open(blobs.Trees[image - 1]);
        try
        {
            return new WimTree(blobs, new WimMetadata(tree), Describe(volume, parts[0].Header, options.Session));
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    private static VolumeInfo Describe(BlockSource volume, WimHeader header, int? image)
    {
        ImmutableArray<WimImageText> texts = WimImageText.ReadAll(volume, header);
        string? label = texts.FirstOrDefault(text => text.Number == (image ?? 1))?.Name;
        return new VolumeInfo(Id, volume.Length)
        {
            Version = header.VersionText,
            Label = string.IsNullOrWhiteSpace(label) ? null : label,
            Details =
            [
                new("Compression", header.CompressionText),
                new("Images", header.Images.ToString(CultureInfo.InvariantCulture)
                    + (header.Images > 1 ? " (--session chooses one)" : string.Empty)),
                .. texts.Take(MaxNamed).Select(text => new KeyValuePair<string, string>(
                    string.Create(CultureInfo.InvariantCulture, $"Image {text.Number}"), text.Describe())),
            ],
        };
    }
}
