using System.Text;
using Imaged.TestKit;

namespace Imaged.Conformance;

/// <summary>What <c>blkid</c> says of an image.</summary>
internal static class Blkid
{
    /// <summary>Its values by name; empty when it recognises nothing.</summary>
    public static Dictionary<string, string> Probe(string path)
    {
        // The format puts a backslash before what a shell would not take as it is.
        ToolResult result = Tool.TryRun("blkid", "-p", "-o", "export", path);
        Dictionary<string, string> values = [];
        foreach (string line in result.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int at = line.IndexOf('=', StringComparison.Ordinal);
            values[line[..at]] = Unescape(line[(at + 1)..]);
        }

        if (values.ContainsKey("LABEL"))
        {
            // Only so are bytes above 127 printed as they are.
            values["LABEL"] = Tool.Run("blkid", "-p", "-o", "value", "-s", "LABEL", path).Text.TrimEnd('\n');
        }

        return values;
    }

    private static string Unescape(string text)
    {
        StringBuilder plain = new();
        for (int i = 0; i < text.Length; i++)
        {
            i += text[i] == '\\' && i + 1 < text.Length ? 1 : 0;
            plain.Append(text[i]);
        }

        return plain.ToString();
    }
}
