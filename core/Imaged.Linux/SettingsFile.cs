namespace Imaged.Linux;

/// <summary>Files of settings: a line <c>key = value</c> each, <c>#</c> begins a comment (imaged.conf(5)).</summary>
public static class SettingsFile
{
    /// <summary>The lines that are not empty.</summary>
    /// <param name="lines">All lines.</param>
    /// <returns>The number of each from 1 on, its text without the comment, and its key and value; both empty when it
    /// has no equals sign.</returns>
    public static IEnumerable<(int Number, string Text, string Key, string Value)> Read(IEnumerable<string> lines)
    {
        int number = 0;
        foreach (string raw in lines)
        {
            number++;
            string text = raw.Split('#', 2)[0].Trim();
            if (text.Length > 0)
            {
                string[] parts = text.Split('=', 2, StringSplitOptions.TrimEntries);
                yield return parts.Length == 2 ? (number, text, parts[0], parts[1]) : (number, text, "", "");
            }
        }
    }
}
