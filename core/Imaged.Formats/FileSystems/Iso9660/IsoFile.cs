using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Iso9660;

/// <summary>Makes the content of a regular file of its sections.</summary>
internal static class IsoFile
{
    /// <summary>Opens the content.</summary>
    /// <param name="layout">The volume.</param>
    /// <param name="file">A regular file with its sections.</param>
    /// <param name="cache">For unpacked blocks.</param>
    public static BlockSource Open(IsoLayout layout, IsoNode file, BlockCache cache)
    {
        switch (file.Rock.Packing)
        {
            case IsoPacking.Unknown:
                UnsupportedFeatureException.Throw(Iso9660FileSystem.Id, "a compression that is not zisofs");
                break;
            case IsoPacking.Sparse:
                UnsupportedFeatureException.Throw(Iso9660FileSystem.Id, "a sparse file of Rock Ridge (SF)");
                break;
            case IsoPacking.None:
            case IsoPacking.Zisofs:
                break;
            default:
                throw new InvalidOperationException("unknown packing");
        }

        BlockSource stored = Join(layout, file.Sections ?? []);
        return file.Rock.Packing == IsoPacking.Zisofs
            ? ZisofsSource.Open(stored, file, cache)
            : stored;
    }

    private static BlockSource Join(IsoLayout layout, List<IsoSection> sections)
    {
        if (sections.Count == 1)
        {
            return OpenSection(layout.Volume, sections[0]);
        }

        return new ConcatSource(sections.Select(section => OpenSection(layout.Volume, section)), ownsParts: true);
    }

    private static BlockSource OpenSection(BlockSource volume, IsoSection section)
    {
        if (section.Length == 0)
        {
            return new ZeroSource(0);
        }

        if (section.UnitLength > 0 && section.GapLength > 0)
        {
            return new IsoInterleavedSource(volume, section);
        }

        long inside = section.Offset < 0 ? 0 : Math.Clamp(volume.Length - section.Offset, 0, section.Length);
        if (inside == section.Length)
        {
            return new SliceSource(volume, section.Offset, section.Length);
        }

        IsoMissingSource missing = new(Math.Max(volume.Length, 0), section.Length - inside);
        return inside == 0
            ? missing
            : new ConcatSource([new SliceSource(volume, section.Offset, inside), missing], ownsParts: true);
    }
}
