using Imaged.Formats.Model;
using Imaged.Formats.Optical.Descriptors;

namespace Imaged.Formats.Optical.Toc;

/// <summary>A table of contents of cdrdao: text that puts the tracks of a session together from parts of
/// files.</summary>
internal sealed class TocFormat : IImageFormat
{
    public static FormatInfo Info { get; } = new(
        "toc", "cdrdao table of contents", [".toc"], FormatCaps.Read | FormatCaps.Split | FormatCaps.Descriptor);

    public static Match Probe(ProbeWindow window)
    {
        foreach ((_, string line) in DescriptorText.Lines(DescriptorText.ReadHead(window)))
        {
            string[] words = line.Split([' ', '\t'], 3, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 2 && words[0] == "TRACK"
                && (words[1] == "AUDIO" || words[1].StartsWith("MODE", StringComparison.Ordinal)))
            {
                return Match.Strong;
            }
        }

        return Match.No;
    }

    public static DiskImage Open(ImageOpener opener)
    {
        TocSheet sheet = TocParser.Parse(DescriptorText.Read(opener.Content, Info.Id));
        List<string> warnings = [];
        TocLayout layout = new(sheet, new CompanionFiles(Info.Id, opener, warnings), warnings);
        return DiscImage.Create(Info, layout.Build(), warnings, owned: layout.Opened);
    }
}
