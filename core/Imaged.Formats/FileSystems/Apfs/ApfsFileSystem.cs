using System.Collections.Immutable;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apfs;

/// <summary>APFS: a container with one or more volumes.</summary>
internal sealed class ApfsFileSystem : IFileSystem
{
    public const string Id = "apfs";

    // What a probe reads: some superblocks and the nodes of one object map.
    private const long ProbeCache = 1 << 20;

    public static Model.FileSystemInfo Info { get; } = new(Id, "APFS", CanRead: true);

    public static VolumeInfo? Probe(BlockSource volume)
    {
        if (ApfsSuperblock.TryReadFirst(volume) is not { } first)
        {
            return null;
        }

        try
        {
            using ApfsContainer? container = ApfsContainer.TryOpen(volume, new BlockCache(ProbeCache));
            return container is null
                ? null
                : ApfsContainer.Describe(first, container, container.Volumes.Length == 1 ? 0 : null, []);
        }
        catch (ImageFormatException error)
        {
            return ApfsContainer.Describe(first, null, null, [$"its volumes cannot be read: {error.Message}"]);
        }
        catch (UnsupportedFeatureException error)
        {
            return ApfsContainer.Describe(first, null, null, [error.Message]);
        }
    }

    public static FileTree Open(BlockSource volume, FileTreeOptions options)
    {
        ApfsContainer container = ApfsContainer.TryOpen(volume, options.Cache)
            ?? throw new ImageFormatException(Id, 32, "there is no superblock");
        try
        {
            int chosen = Choose(container, options.Session);
            container.Volumes[chosen].ThrowIfUnsupported();
            ImmutableArray<string> warnings = options.Session is null && container.Volumes.Length > 1
                ? [string.Create(
                    CultureInfo.InvariantCulture,
                    $"volume {chosen + 1} of {container.Volumes.Length} is shown; --session shows another")]
                : [];
            VolumeInfo info = ApfsContainer.Describe(container.Superblock, container, chosen, warnings);
            return new ApfsTree(container, container.Volumes[chosen], info, options.Cache);
        }
        catch
        {
            container.Dispose();
            throw;
        }
    }

    // The first one that is for users, by its role; of none the first.
    private static int Choose(ApfsContainer container, int? number)
    {
        int count = container.Volumes.Length;
        if (count == 0)
        {
            ImageFormatException.Throw(Id, 184, "the container has no volumes");
        }

        if (number is { } wanted)
        {
            return wanted >= 1 && wanted <= count
                ? wanted - 1
                : throw new UnsupportedFeatureException(Id, $"volume {wanted} of a container with {count}");
        }

        return Math.Max(container.Volumes.ToList().FindIndex(volume => volume.IsForUsers), 0);
    }
}
