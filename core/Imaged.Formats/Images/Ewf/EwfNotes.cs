using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Codecs;

namespace Imaged.Formats.Images.Ewf;

/// <summary>What the examiner noted: a compressed text of lines, one with the names of fields and one with their
/// values, both divided by tabs.</summary>
internal static class EwfNotes
{
    private const int MaxStoredLength = 65536;
    private const int MaxLength = 1 << 20;
    private const int MaxValueLength = 200;

    /// <summary>The notes of a section; none when it is damaged, as nothing depends on them.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Read(BlockSource file, EwfSection section)
    {
        Dictionary<string, string> fields = ReadFields(file, section);
        (string Name, string Title)[] titles =
        [
            ("c", "Case"), ("n", "Evidence"), ("a", "Description"), ("e", "Examiner"), ("t", "Notes"),
            ("cn", "Case"), ("en", "Evidence"), ("nm", "Description"), ("ex", "Examiner"), ("nt", "Notes"),
        ];
        foreach ((string name, string title) in titles)
        {
            if (fields.TryGetValue(name, out string? value) && value.Length > 0)
            {
                yield return new(title, value);
            }
        }
    }

    /// <summary>The fields of a section.</summary>
    /// <param name="file">The file.</param>
    /// <param name="section">The section.</param>
    /// <returns>None when it is damaged.</returns>
    public static Dictionary<string, string> ReadFields(BlockSource file, EwfSection section)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal);
        int stored = (int)Math.Min(section.DataLength, MaxStoredLength);
        byte[] text = new byte[MaxLength];
        int length = ZlibDecoder.Decode(file.ReadBytes(section.DataOffset, stored), text);
        if (length < 2)
        {
            return fields;
        }

        bool isWide = text[0] == 0xff && text[1] == 0xfe;
        string[] lines = (isWide
            ? Encoding.Unicode.GetString(text, 2, (length - 2) & ~1)
            : Encoding.Latin1.GetString(text, 0, length)).Split('\n');
        int main = Array.FindIndex(lines, line => line.TrimEnd('\r') == "main");
        if (main < 0 || main + 2 >= lines.Length)
        {
            return fields;
        }

        string[] names = lines[main + 1].TrimEnd('\r').Split('\t');
        string[] values = lines[main + 2].TrimEnd('\r').Split('\t');
        for (int i = 0; i < Math.Min(names.Length, values.Length); i++)
        {
            fields[names[i]] = Clean(values[i]);
        }

        return fields;
    }

    private static string Clean(string value) => string.Concat(
        value.Take(MaxValueLength).Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter));
}
