using System.Text;

namespace Imaged.Daemon.Config;

/// <summary>Splits the value of a setting into words.</summary>
internal static class Words
{
    /// <summary>The words; blanks part them except between double quotes, which are taken away. Null when a quote is
    /// not closed, or there is no word.</summary>
    public static IReadOnlyList<string>? Split(string value)
    {
        List<string> words = [];
        StringBuilder word = new();
        bool quoted = false;
        bool begun = false;
        foreach (char letter in value)
        {
            if (letter == '"')
            {
                quoted = !quoted;
                begun = true;
            }
            else if (!quoted && char.IsWhiteSpace(letter))
            {
                Finish();
            }
            else
            {
                word.Append(letter);
                begun = true;
            }
        }

        Finish();
        return quoted || words.Count == 0 ? null : words;

        void Finish()
        {
            if (begun)
            {
                words.Add(word.ToString());
            }

            word.Clear();
            begun = false;
        }
    }
}
