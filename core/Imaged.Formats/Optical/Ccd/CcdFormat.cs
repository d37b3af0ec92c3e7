using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Descriptors;

namespace Imaged.Formats.Optical.Ccd;

/// <summary>CloneCD: a control file, an image of 2352 bytes a sector, and a file of subchannels.</summary>
internal sealed class CcdFormat : IImageFormat
{
    public static FormatInfo Info { get; } = new(
        "ccd",
        "CloneCD control file with its image",
        [".ccd"],
        FormatCaps.Read | FormatCaps.Split | FormatCaps.Descriptor);

    public static Match Probe(ProbeWindow window)
    {
        (int Offset, string Line) first = DescriptorText.Lines(DescriptorText.ReadHead(window)).FirstOrDefault();
        return "[CloneCD]".Equals(first.Line, StringComparison.OrdinalIgnoreCase) ? Match.Strong : Match.No;
    }

    public static DiskImage Open(ImageOpener opener)
    {
        CcdSheet sheet = CcdSheet.Parse(DescriptorText.Read(opener.Content, Info.Id));
        List<string> warnings = [.. sheet.Warnings];
        CompanionFiles files = new(Info.Id, opener, warnings);
        string baseName = Path.GetFileNameWithoutExtension(opener.FileName);
        BlockSource image = files.Open(baseName + ".img", 0).Source;
        BlockSource? subchannel = files.TryOpen(baseName + ".sub", 0)?.Source;
        Disc disc = new CcdLayout(sheet, image, subchannel, warnings).Build();
        return DiscImage.Create(Info, disc, warnings);
    }
}
