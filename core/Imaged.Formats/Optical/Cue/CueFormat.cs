using Imaged.Formats.Model;
using Imaged.Formats.Optical.Descriptors;

namespace Imaged.Formats.Optical.Cue;

/// <summary>A cue sheet: text that says where the tracks of a disc are in other files.</summary>
internal sealed class CueFormat : IImageFormat
{
    public static FormatInfo Info { get; } =
        new(
            "cue",
            "cue sheet with its data files",
            [".cue"],
            FormatCaps.Read | FormatCaps.Split | FormatCaps.Descriptor);

    public static Match Probe(ProbeWindow window)
    {
        bool hasFile = false;
        foreach ((_, string line) in DescriptorText.Lines(DescriptorText.ReadHead(window)))
        {
            if (IsCommand(line, "FILE"))
            {
                hasFile = true;
            }
            else if (hasFile && IsCommand(line, "TRACK") && char.IsAsciiDigit(line.AsSpan(5).TrimStart()[0]))
            {
                return Match.Strong;
            }
        }

        return Match.No;
    }

    public static DiskImage Open(ImageOpener opener)
    {
        CueSheet sheet = CueParser.Parse(DescriptorText.Read(opener.Content, Info.Id));
        List<string> warnings = [.. sheet.Warnings];
        CueFiles files = new(sheet, new CompanionFiles(Info.Id, opener, warnings), warnings);
        Disc disc = new CueLayout(sheet, files, warnings).Build();
        return DiscImage.Create(Info, disc, warnings, owned: files.Opened);
    }

    private static bool IsCommand(string line, string command) =>
        line.Length > command.Length + 1 && line.StartsWith(command, StringComparison.OrdinalIgnoreCase)
        && (line[command.Length] is ' ' or '\t');
}
