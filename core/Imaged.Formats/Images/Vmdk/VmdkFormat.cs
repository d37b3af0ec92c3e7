using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vmdk;

/// <summary>Disks of VMware: a descriptor and its extents, one beside the other or one in the other.</summary>
internal sealed class VmdkFormat : IImageFormat
{
    private const int SectorLength = VmdkSparseHeader.SectorLength;

    public static FormatInfo Info { get; } = new(
        "vmdk", "Virtual Machine Disk (VMware)", [".vmdk"], FormatCaps.Read | FormatCaps.Backing | FormatCaps.Split);

    public static Match Probe(ProbeWindow window) =>
        VmdkSparseHeader.IsHosted(window.Head) || VmdkSparseHeader.IsCowd(window.Head)
        || VmdkSeSparseSource.IsSeSparse(window.Head) || VmdkDescriptor.IsDescriptor(window.Head)
            ? Match.Strong
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        List<string> warnings = [];
        VmdkDescriptor? descriptor = ReadDescriptor(opener.Content);
        BlockSource content = descriptor is null || descriptor.IsEmbedded
            ? OpenSparse(opener.Content, opener.Cache, warnings)
            : OpenExtents(opener, descriptor, warnings);
        if (descriptor is null)
        {
            warnings.Add("the file is an extent without a descriptor: it may be a part of a disk only");
            return new DiskImage(Info, content) { Warnings = [.. warnings] };
        }

        ImmutableArray<KeyValuePair<string, string>> details =
            [new("Type", descriptor.CreateType), new("Extents", $"{descriptor.Extents.Count}")];
        if (descriptor.ParentContentId == VmdkDescriptor.NoParent)
        {
            return new DiskImage(Info, content) { Details = details, Warnings = [.. warnings] };
        }

        string name = descriptor.ParentName
            ?? throw new ImageFormatException(Info.Id, 0, "the disk has a parent, but no name of it");
        DiskImage parent = OpenParent(opener, descriptor, name);
        return new DiskImage(Info, new OverlaySource(content, parent.Content))
        {
            Details = details.Add(new("Parent", name)),
            Warnings = [.. warnings, .. parent.Warnings],
            Owned = parent.Owned,
        };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);

    // The descriptor of a file that is one, or has one; null for an extent without.
    private static VmdkDescriptor? ReadDescriptor(BlockSource file)
    {
        Span<byte> head = stackalloc byte[SectorLength];
        head = head[..file.ReadUpTo(0, head)];
        if (VmdkDescriptor.IsDescriptor(head))
        {
            return VmdkDescriptor.Parse(file, 0, file.Length, isEmbedded: false);
        }

        if (!VmdkSparseHeader.IsHosted(head))
        {
            return null;
        }

        VmdkSparseHeader header = VmdkSparseHeader.Parse(file);
        return header.DescriptorOffset == 0
            ? null
            : VmdkDescriptor.Parse(file, header.DescriptorOffset, header.DescriptorLength, isEmbedded: true);
    }

    private static BlockSource OpenSparse(BlockSource file, BlockCache cache, List<string> warnings)
    {
        Span<byte> head = stackalloc byte[16];
        head = head[..file.ReadUpTo(0, head)];
        if (VmdkSeSparseSource.IsSeSparse(head))
        {
            return VmdkSeSparseSource.Open(file, cache);
        }

        VmdkSparseHeader header = VmdkSparseHeader.Parse(file);
        if (header.IsUnclean)
        {
            warnings.Add("the disk was not closed: what was written last may be lost");
        }

        return new VmdkSparseSource(header, file, cache);
    }

    private static BlockSource OpenExtents(ImageOpener opener, VmdkDescriptor descriptor, List<string> warnings)
    {
        if (descriptor.CreateType.Contains("device", StringComparison.OrdinalIgnoreCase))
        {
            throw new UnsupportedFeatureException(Info.Id, $"a disk of devices of the host ({descriptor.CreateType})");
        }

        if (descriptor.Extents.Count == 0)
        {
            Throw(0, "the descriptor names no extent");
        }

        List<BlockSource> extents = [];
        try
        {
            foreach (VmdkExtentLine line in descriptor.Extents)
            {
                extents.Add(OpenExtent(opener, line, warnings));
            }
        }
        catch
        {
            extents.ForEach(extent => extent.Dispose());
            throw;
        }

        return extents.Count == 1 ? extents[0] : new ConcatSource(extents, ownsParts: true);
    }

    private static BlockSource OpenExtent(ImageOpener opener, VmdkExtentLine line, List<string> warnings)
    {
        long length = line.Sectors * SectorLength;
        if (line.Access == "NOACCESS")
        {
            throw new UnsupportedFeatureException(
                Info.Id, $"the extent '{line.FileName}', which is not to be accessed,");
        }

        switch (line.Type)
        {
            case "ZERO":
                return new ZeroSource(length);
            case "FLAT" or "VMFS":
                BlockSource flat = BackingFile.OpenSibling(opener, Info.Id, line.FileName, "extent");
                long offset = line.Offset * SectorLength;
                if (offset > flat.Length - length)
                {
                    Throw(0, $"the extent '{line.FileName}' has {flat.Length} bytes, {offset + length} are needed");
                }

                return new SliceSource(flat, offset, length);
            case "SPARSE" or "VMFSSPARSE" or "SESPARSE":
                BlockSource file = BackingFile.OpenSibling(opener, Info.Id, line.FileName, "extent");
                BlockSource sparse = OpenSparse(file, opener.Cache, warnings);
                if (length > sparse.Length)
                {
                    sparse.Dispose();
                    Throw(0, $"the extent '{line.FileName}' holds {sparse.Length} bytes, {length} are needed");
                }

                return sparse.Length == length ? sparse : new SliceSource(sparse, 0, length, ownsInner: true);
            default:
                throw new UnsupportedFeatureException(Info.Id, $"an extent of the type {line.Type}");
        }
    }

    private static DiskImage OpenParent(ImageOpener opener, VmdkDescriptor descriptor, string name) =>
        BackingFile.OpenParent(opener, Info.Id, [name], parent =>
        {
            uint? id = ReadDescriptor(parent.Content)?.ContentId;
            return id == descriptor.ParentContentId
                ? Open(parent)
                : throw new ImageFormatException(
                    Info.Id, 0, $"'{parent.FileName}' has the CID {id:x8}, the parent {descriptor.ParentContentId:x8}");
        });
}
