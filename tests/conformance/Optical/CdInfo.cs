using System.Globalization;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;
using Imaged.TestKit;

namespace Imaged.Conformance.Optical;

/// <summary>Tracks as <c>cd-info</c> of libcdio lists them.</summary>
internal static class CdInfo
{
    /// <summary>What imaged finds, in the same words: number, address of index 1, kind.</summary>
    public static string Describe(Disc disc) => string.Join(", ", [
        .. disc.Tracks.Select(track => string.Create(
            CultureInfo.InvariantCulture,
            $"{track.Number} {Msf.Text(track.StartLba + 150)} {(track.IsData ? "data" : "audio")}")),
        $"170 {Msf.Text(disc.Tracks[^1].EndLba + 150)} leadout",
    ]);

    /// <summary>What the program finds.</summary>
    /// <param name="path">A cue sheet or a TOC file.</param>
    /// <param name="option"><c>--cue-file</c> or <c>--toc-file</c>.</param>
    public static string Run(string path, string option)
    {
        Requires.Tool("cd-info");
        string folder = Path.GetDirectoryName(path)!;
        ToolResult result = Tool.TryRun(
            "bash", "-c", $"cd '{folder}' && cd-info --no-header --no-device-info {option}='{Path.GetFileName(path)}'");
        List<string> tracks = [];
        foreach (string line in result.Text.Split('\n'))
        {
            string[] parts = line.Split([' ', ':'], 3, StringSplitOptions.RemoveEmptyEntries);
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 4 && words[0].EndsWith(':') && words[1].Count(c => c == ':') == 2
                && int.TryParse(parts[0], out int number))
            {
                string kind = words[3] is "audio" or "leadout" ? words[3] : "data";
                tracks.Add(string.Create(CultureInfo.InvariantCulture, $"{number} {words[1]} {kind}"));
            }
        }

        return string.Join(", ", tracks);
    }
}
