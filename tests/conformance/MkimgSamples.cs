using System.Text.RegularExpressions;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance;

/// <summary>The disks of FreeBSD's mkimg, as the manifest of the samples lists them.</summary>
public static partial class MkimgSamples
{
    /// <summary>Name, SHA-256 and length of what qemu-img decodes, of all disks in one format.</summary>
    public static TheoryData<string, string, long> Of(string extension)
    {
        TheoryData<string, string, long> data = [];
        if (Samples.Available)
        {
            foreach (Match row in Row().Matches(File.ReadAllText(Path.Combine(Samples.Root, "MANIFEST.md"))))
            {
                if (row.Groups["extension"].Value == extension)
                {
                    data.Add(
                        row.Groups["name"].Value,
                        row.Groups["hash"].Value,
                        long.Parse(row.Groups["length"].Value, null));
                }
            }
        }
        else
        {
            // One row, so that the test says what it needs.
            data.Add("mkimg", string.Empty, 0);
        }

        return data;
    }

    [GeneratedRegex(
        @"^\| (?<name>mkimg/\S+\.(?<extension>\w+)\.gz) .*\| `(?<hash>[0-9a-f]{64})` (?<length>\d+) \|$",
        RegexOptions.Multiline)]
    private static partial Regex Row();
}
