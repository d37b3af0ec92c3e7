using Imaged.Formats.Images.Aff;
using Imaged.Formats.Images.Aff4;
using Imaged.Formats.Images.AndroidSparse;
using Imaged.Formats.Images.AppleCrypt;
using Imaged.Formats.Images.Bochs;
using Imaged.Formats.Images.Clonezilla;
using Imaged.Formats.Images.Chd;
using Imaged.Formats.Images.Bzip2;
using Imaged.Formats.Images.Cloop;
using Imaged.Formats.Images.Compress;
using Imaged.Formats.Images.Dc42;
using Imaged.Formats.Images.Dmg;
using Imaged.Formats.Images.Ewf;
using Imaged.Formats.Images.Gzip;
using Imaged.Formats.Images.Headered;
using Imaged.Formats.Images.Imd;
using Imaged.Formats.Images.Imz;
using Imaged.Formats.Images.Ndif;
using Imaged.Formats.Images.Lzma;
using Imaged.Formats.Images.Parallels;
using Imaged.Formats.Images.Partclone;
using Imaged.Formats.Images.Pqi;
using Imaged.Formats.Images.Qcow;
using Imaged.Formats.Images.Qcow2;
using Imaged.Formats.Images.Qed;
using Imaged.Formats.Images.Raw;
using Imaged.Formats.Images.SparseBundle;
using Imaged.Formats.Images.SparseImage;
using Imaged.Formats.Images.Td0;
using Imaged.Formats.Images.V2i;
using Imaged.Formats.Images.Vdf;
using Imaged.Formats.Images.Vdi;
using Imaged.Formats.Images.Vhd;
using Imaged.Formats.Images.Vhdx;
using Imaged.Formats.Images.Vmdk;
using Imaged.Formats.Images.Wim;
using Imaged.Formats.Images.Xz;
using Imaged.Formats.Images.Zstd;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Bin;
using Imaged.Formats.Optical.BlindWrite;
using Imaged.Formats.Optical.C2d;
using Imaged.Formats.Optical.Ccd;
using Imaged.Formats.Optical.Cdi;
using Imaged.Formats.Optical.Cif;
using Imaged.Formats.Optical.Cso;
using Imaged.Formats.Optical.Cue;
using Imaged.Formats.Optical.Daa;
using Imaged.Formats.Optical.Dax;
using Imaged.Formats.Optical.Descriptors;
using Imaged.Formats.Optical.Ecm;
using Imaged.Formats.Optical.Gdi;
using Imaged.Formats.Optical.Isz;
using Imaged.Formats.Optical.Mds;
using Imaged.Formats.Optical.Nrg;
using Imaged.Formats.Optical.Pdi;
using Imaged.Formats.Optical.Pops;
using Imaged.Formats.Optical.Toc;
using Imaged.Formats.Optical.Uif;
using Imaged.Formats.Optical.VirtualCd;

namespace Imaged.Formats;

/// <summary>One registered image format.</summary>
/// <param name="Info">Name and abilities.</param>
/// <param name="Probe">As <see cref="IImageFormat.Probe"/>.</param>
/// <param name="Open">As <see cref="IImageFormat.Open"/>.</param>
public sealed record FormatEntry(FormatInfo Info, Func<ProbeWindow, Match> Probe, Func<ImageOpener, DiskImage> Open)
{
    /// <summary>The entry of a format.</summary>
    public static FormatEntry Of<T>()
        where T : IImageFormat => new(T.Info, T.Probe, T.Open);
}

/// <summary>All image formats. A new one is one folder and one line here.</summary>
public static class ImageFormats
{
    /// <summary>In the order in which weak matches are tried; that order alone matters, strong matches exclude each
    /// other.</summary>
    public static readonly IReadOnlyList<FormatEntry> All =
    [
        // Disks of virtual machines.
        FormatEntry.Of<AndroidSparseFormat>(),
        FormatEntry.Of<BochsFormat>(),
        FormatEntry.Of<CloopFormat>(),
        FormatEntry.Of<ParallelsFormat>(),
        FormatEntry.Of<QcowFormat>(),
        FormatEntry.Of<Qcow2Format>(),
        FormatEntry.Of<QedFormat>(),
        FormatEntry.Of<VdiFormat>(),
        FormatEntry.Of<VhdFormat>(),
        FormatEntry.Of<VhdxFormat>(),
        FormatEntry.Of<VmdkFormat>(),

        FormatEntry.Of<AffFormat>(),
        FormatEntry.Of<Aff4Format>(),
        FormatEntry.Of<AppleCryptFormat>(),
        FormatEntry.Of<ClonezillaFormat>(),
        FormatEntry.Of<ChdFormat>(),
        FormatEntry.Of<Dc42Format>(),
        FormatEntry.Of<DmgFormat>(),
        FormatEntry.Of<EwfFormat>(),
        FormatEntry.Of<NdifFormat>(),
        FormatEntry.Of<PartcloneFormat>(),
        FormatEntry.Of<PqiFormat>(),
        FormatEntry.Of<SparseBundleFormat>(),
        FormatEntry.Of<SparseImageFormat>(),
        FormatEntry.Of<WimFormat>(),
        FormatEntry.Of<V2iFormat>(),

        // Wrappers: what is inside is found out again.
        FormatEntry.Of<Bzip2Format>(),
        FormatEntry.Of<CompressFormat>(),
        FormatEntry.Of<GzipFormat>(),
        FormatEntry.Of<LzmaFormat>(),
        FormatEntry.Of<XzFormat>(),
        FormatEntry.Of<ZstdFormat>(),

        // Floppy disks.
        FormatEntry.Of<ImdFormat>(),
        FormatEntry.Of<ImzFormat>(),
        FormatEntry.Of<Td0Format>(),

        FormatEntry.Of<BlindWriteFormat>(),
        FormatEntry.Of<C2dFormat>(),
        FormatEntry.Of<CcdFormat>(),
        FormatEntry.Of<CdiFormat>(),
        FormatEntry.Of<CifFormat>(),
        FormatEntry.Of<CsoFormat>(),
        FormatEntry.Of<CueFormat>(),
        FormatEntry.Of<DaaFormat>(),
        FormatEntry.Of<DaxFormat>(),
        FormatEntry.Of<EcmFormat>(),
        FormatEntry.Of<GdiFormat>(),
        FormatEntry.Of<IszFormat>(),
        FormatEntry.Of<MdsFormat>(),
        FormatEntry.Of<NrgFormat>(),
        FormatEntry.Of<PdiFormat>(),
        FormatEntry.Of<PopsFormat>(),
        FormatEntry.Of<TocFormat>(),
        FormatEntry.Of<UifFormat>(),
        FormatEntry.Of<VirtualCdFormat>(),

        FormatEntry.Of<SplitRawFormat>(),  // before bin and raw: a part of an image could be anything
        FormatEntry.Of<BinFormat>(),       // before raw: sectors of a CD could be anything
        FormatEntry.Of<VdfFormat>(),
        FormatEntry.Of<HeaderedFormat>(),  // before raw, and behind all that knows what it reads
        FormatEntry.Of<RawFormat>(),       // last: everything is a raw image
    ];

    /// <summary>The format with this id, or null.</summary>
    public static FormatEntry? Find(string id) =>
        All.FirstOrDefault(entry => entry.Info.Id.Equals(id, StringComparison.OrdinalIgnoreCase));

    /// <summary>Opens an image, finding out its format by its content.</summary>
    /// <param name="opener">The bytes, and what is beside them.</param>
    /// <param name="formatId">The format to use instead of finding it out; null to find it out.</param>
    /// <exception cref="UnsupportedFeatureException">There is no format with the id given.</exception>
    /// <exception cref="ImageFormatException">Two formats claim the image, or it is wrong.</exception>
    public static DiskImage Open(ImageOpener opener, string? formatId)
    {
        if (formatId is not null)
        {
            FormatEntry? named = Find(formatId);
            return named is null
                ? throw new UnsupportedFeatureException(formatId, "this image format")
                : named.Open(opener);
        }

        ProbeWindow window = ProbeWindow.Read(opener.Content, opener.FileName);
        List<(FormatEntry Entry, Match Match)> matches = [];
        foreach (FormatEntry entry in All)
        {
            Match match = entry.Probe(window);
            if (match != Match.No)
            {
                matches.Add((entry, match));
            }
        }

        List<FormatEntry> strong = [.. matches.Where(m => m.Match == Match.Strong).Select(m => m.Entry)];
        if (strong.Count == 0)
        {
            strong = [.. matches.Where(m => m.Match == Match.Likely).Select(m => m.Entry).Take(1)];
        }

        if (strong.Count > 1)
        {
            string ids = string.Join(" and ", strong.Select(entry => entry.Info.Id));
            throw new ImageFormatException(strong[0].Info.Id, 0, $"the file looks like {ids}; choose with --format");
        }

        if (strong.Count == 1)
        {
            return SplitRawFormat.TryOpenWhole(opener, strong[0]) ?? strong[0].Open(opener);
        }

        if (DescriptorLookup.TryOpen(opener, All, out string? warning) is { } described)
        {
            return described;
        }

        DiskImage image = OpenWeak(opener, matches.Select(m => m.Entry));
        return warning is null ? image : image.With(warning);
    }

    // The first one that opens wins; when none does, the error of the first one that tried is the one to tell.
    private static DiskImage OpenWeak(ImageOpener opener, IEnumerable<FormatEntry> entries)
    {
        IOException? first = null;
        foreach (FormatEntry entry in entries)
        {
            try
            {
                return entry.Open(opener);
            }
            catch (Exception error) when (error is ImageFormatException or UnsupportedFeatureException)
            {
                first ??= (IOException)error;
            }
        }

        throw first ?? new ImageFormatException("image", 0, "no format reads this file");
    }
}
