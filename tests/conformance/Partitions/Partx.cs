using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Imaged.Formats.Model;
using Imaged.TestKit;

namespace Imaged.Conformance.Partitions;

/// <summary>A partition as <c>partx</c> lists it: in sectors of 512 bytes, whatever the disk has.</summary>
public sealed record PartxEntry(int Number, ulong First, ulong Count, string Type, string? Uuid, string? Name);

/// <summary>Lists the partitions of an image with util-linux.</summary>
internal static partial class Partx
{
    public static List<PartxEntry> List(string path, int sectorSize)
    {
        ToolResult result = Tool.Run(
            "partx", "--sector-size", sectorSize.ToString(CultureInfo.InvariantCulture),
            "-P", "-o", "NR,START,SECTORS,TYPE,UUID,NAME", path);
        List<PartxEntry> entries = [];
        foreach (string line in result.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Dictionary<string, string> fields = Field().Matches(line)
                .ToDictionary(match => match.Groups[1].Value, match => Unescape(match.Groups[2].Value));
            entries.Add(new(
                int.Parse(fields["NR"], CultureInfo.InvariantCulture),
                ulong.Parse(fields["START"], CultureInfo.InvariantCulture),
                ulong.Parse(fields["SECTORS"], CultureInfo.InvariantCulture),
                fields["TYPE"],
                NullIfEmpty(fields["UUID"]),
                NullIfEmpty(fields["NAME"])));
        }

        return entries;
    }

    /// <summary>A partition of ours in the words of partx.</summary>
    public static PartxEntry From(Partition partition, PartitionTable table) => new(
        partition.Number,
        (ulong)(partition.Offset / 512),
        (ulong)(partition.Length / 512),
        table.TypeId switch
        {
            "mbr" => "0x" + partition.TypeId.TrimStart('0').PadLeft(1, '0'),
            "gpt" => partition.TypeId.ToLowerInvariant(),
            _ => partition.TypeId,
        },
        partition.Uuid,
        partition.Name);

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    // It escapes single bytes.
    private static string Unescape(string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Escape().Replace(text, match =>
            ((char)Convert.FromHexString(match.Groups[1].ValueSpan)[0]).ToString()));
        return Encoding.UTF8.GetString(bytes);
    }

    [GeneratedRegex("([A-Z]+)=\"([^\"]*)\"")]
    private static partial Regex Field();

    [GeneratedRegex(@"\\x([0-9a-f]{2})")]
    private static partial Regex Escape();
}
