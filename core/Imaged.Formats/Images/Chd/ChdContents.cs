using System.Numerics;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Chd;

/// <summary>An opened CHD, with its parents if it has some.</summary>
/// <param name="Header">Its header.</param>
/// <param name="Metadata">Its metadata.</param>
/// <param name="Hunks">All hunks, the last one whole; owns those of the parent.</param>
internal sealed record ChdContents(ChdHeader Header, ChdMetadata Metadata, BlockSource Hunks)
{
    private const int MinSectorSize = 512;
    private const int MaxSectorSize = 65536;

    /// <summary>Opens an image, and the parents that its hunks are copied from.</summary>
    /// <exception cref="ImageFormatException">It is damaged, or a parent is not there.</exception>
    /// <exception cref="UnsupportedFeatureException">Imaged cannot read it.</exception>
    public static ChdContents Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        ChdHeader header = ChdHeader.Read(file);
        ChdCodec.Check(header);
        ChdMetadata metadata = ChdMetadata.Read(file, header.MetadataOffset);

        // Of a hard disk units are sectors.
        bool hasSectors = metadata.Has(ChdMetadata.HardDisk) && BitOperations.IsPow2(header.UnitLength)
            && header.UnitLength is >= MinSectorSize and <= MaxSectorSize;
        int sectorSize = hasSectors ? header.UnitLength : MinSectorSize;
        if (header.IsCompressed)
        {
            ChdMap map = ChdMap.Read(file, header);
            BlockSource? source = OpenParent(opener, header);
            return new(header, metadata, new ChdSource(file, header, map, source, sectorSize, opener.Cache));
        }

        if (header.MapOffset > file.Length - (header.HunkCount * sizeof(uint)))
        {
            ImageFormatException.Throw(
                ChdFormat.Id, 40, $"the map of {header.HunkCount} hunks at {header.MapOffset} is not inside the file");
        }

        ChdPlainSource plain = new(header, file, sectorSize, opener.Cache);
        return new(
            header,
            metadata,
            OpenParent(opener, header) is { } parent ? new OverlaySource(plain, parent) : plain);
    }

    private static BlockSource? OpenParent(ImageOpener opener, ChdHeader header)
    {
        if (header.ParentSha1 is not { } sha1)
        {
            return null;
        }

        // Of a child with the same content as the image's parent the digest is the same, too.
        string name = BackingFile.FindParent(opener, ".chd", file => ChdHeader.HasSha1(file, sha1, isChild: false))
            ?? BackingFile.FindParent(opener, ".chd", file => ChdHeader.HasSha1(file, sha1, isChild: true))
            ?? throw new ImageFormatException(
                ChdFormat.Id,
                104,
                $"no .chd file beside the image is its parent, with the SHA-1 {Convert.ToHexStringLower(sha1)}");
        ChdContents parent = BackingFile.OpenParent(opener, ChdFormat.Id, [name], Open);
        if (parent.Header.UnitLength != header.UnitLength)
        {
            ImageFormatException.Throw(
                ChdFormat.Id,
                60,
                $"units have {header.UnitLength} bytes, those of the parent '{name}' {parent.Header.UnitLength}");
        }

        return parent.Hunks;
    }
}
