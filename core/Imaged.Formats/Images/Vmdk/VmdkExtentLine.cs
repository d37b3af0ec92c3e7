using System.Globalization;

namespace Imaged.Formats.Images.Vmdk;

/// <summary>A line of a descriptor that names an extent: <c>RW 4192256 SPARSE "disk-s001.vmdk"</c>.</summary>
/// <param name="Access"><c>RW</c>, <c>RDONLY</c> or <c>NOACCESS</c>.</param>
/// <param name="Sectors">Length in sectors of 512 bytes.</param>
/// <param name="Type"><c>FLAT</c>, <c>SPARSE</c>, <c>ZERO</c>, <c>VMFS</c>, <c>VMFSSPARSE</c>, <c>SESPARSE</c>
/// …</param>
/// <param name="FileName">As recorded; empty for a type without a file.</param>
/// <param name="Offset">Of a flat one: offset in the file in sectors.</param>
internal sealed record VmdkExtentLine(string Access, long Sectors, string Type, string FileName, long Offset)
{
    // Keeps all sums of bytes inside 63 bits.
    private const long MaxSectors = long.MaxValue / 512 / 8192;

    /// <summary>Parses a line; null when it is none of an extent.</summary>
    public static VmdkExtentLine? TryParse(string line)
    {
        string[] words = line.Split('"', 2)[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != 3 || words[0].ToUpperInvariant() is not ("RW" or "RDONLY" or "NOACCESS")
            || !TryParseSectors(words[1], out long sectors))
        {
            return null;
        }

        string fileName = string.Empty;
        long offset = 0;
        string[] quoted = line.Split('"');
        if (quoted.Length >= 3)
        {
            fileName = quoted[1];
            string[] rest = quoted[2].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (rest.Length > 0 && !TryParseSectors(rest[0], out offset))
            {
                return null;
            }
        }

        return new(words[0].ToUpperInvariant(), sectors, words[2].ToUpperInvariant(), fileName, offset);
    }

    private static bool TryParseSectors(string text, out long sectors) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out sectors) && sectors <= MaxSectors;
}
