using System.Collections.Immutable;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Signatures;

namespace Imaged.Formats.Apfs;

/// <summary>An opened container: its newest checkpoint and its volumes. Thread-safe.</summary>
internal sealed class ApfsContainer : IDisposable
{
    private ApfsContainer(ApfsBlocks blocks, ApfsSuperblock superblock, ImmutableArray<ApfsVolumeHeader> volumes)
    {
        Blocks = blocks;
        Superblock = superblock;
        Volumes = volumes;
    }

    /// <summary>Its blocks.</summary>
    public ApfsBlocks Blocks { get; }

    /// <summary>The superblock of the newest checkpoint.</summary>
    public ApfsSuperblock Superblock { get; }

    /// <summary>Its volumes.</summary>
    public ImmutableArray<ApfsVolumeHeader> Volumes { get; }

    /// <summary>Opens a container.</summary>
    /// <param name="source">Stays the caller's.</param>
    /// <param name="cache">For objects.</param>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">It has features that are not read.</exception>
    public static ApfsContainer? TryOpen(BlockSource source, BlockCache cache)
    {
        if (ApfsSuperblock.TryReadFirst(source) is not { } first)
        {
            return null;
        }

        ApfsSuperblock superblock = ApfsSuperblock.FindNewest(source, first)
            ?? throw new ImageFormatException(ApfsFileSystem.Id, 0, "no superblock has the right checksum");
        if ((superblock.Incompatible & ~ApfsSuperblock.KnownFeatures) is > 0 and ulong features)
        {
            throw new UnsupportedFeatureException(
                ApfsFileSystem.Id,
                (features & ApfsSuperblock.FusionFeature) != 0
                    ? "a Fusion drive"
                    : string.Create(CultureInfo.InvariantCulture, $"a container with features {features:x}"));
        }

        ApfsBlocks blocks = new(source, superblock.BlockSize, cache);
        try
        {
            ApfsObjectMap map = new(blocks, superblock.ObjectMap, superblock.Transaction);
            return new(
                blocks,
                superblock,
                [.. superblock.Volumes.Select(id => ApfsVolumeHeader.Parse(blocks.ReadObject(map.Find(id))))]);
        }
        catch
        {
            blocks.Dispose();
            throw;
        }
    }

    /// <summary>What is told of a container.</summary>
    /// <param name="first">Superblock in the first block.</param>
    /// <param name="container">The container; null when it cannot be opened.</param>
    /// <param name="chosen">The volume that is shown, or its place in the container; null when there is none.</param>
    /// <param name="warnings">Further warnings.</param>
    public static VolumeInfo Describe(
        ApfsSuperblock first, ApfsContainer? container, int? chosen, ImmutableArray<string> warnings)
    {
        ImmutableArray<ApfsVolumeHeader> volumes = container?.Volumes ?? [];
        return new(ApfsFileSystem.Id, SignatureReader.Product(first.BlockCount, (ulong)first.BlockSize))
        {
            Label = chosen is { } index ? volumes[index].Name : null,
            Uuid = first.Uuid,
            Details =
            [
                new("Block size", first.BlockSize.ToString(CultureInfo.InvariantCulture)),
                .. volumes.Select((volume, i) => KeyValuePair.Create(
                    string.Create(CultureInfo.InvariantCulture, $"Volume {i + 1}"), volume.Describe())),
            ],
            Warnings = warnings,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => Blocks.Dispose();
}
