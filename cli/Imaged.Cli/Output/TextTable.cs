using System.Text;

namespace Imaged.Cli.Output;

/// <summary>Columns of text, as wide as they must be.</summary>
internal sealed class TextTable
{
    private readonly bool[] _right;
    private readonly List<string[]> _rows = [];

    /// <summary>Begins with the headings.</summary>
    /// <param name="headings">A heading that begins with <c>&gt;</c> makes a column of numbers, set to the right. A
    /// column that has nothing in it is left out.</param>
    public TextTable(params string[] headings)
    {
        _right = [.. headings.Select(heading => heading.StartsWith('>'))];
        _rows.Add([.. headings.Select(heading => heading.TrimStart('>'))]);
    }

    /// <summary>Whether there is no row.</summary>
    public bool IsEmpty => _rows.Count == 1;

    /// <summary>Adds a row; the cells are safe for a terminal already.</summary>
    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>Writes the table.</summary>
    public void Write(StringBuilder output, string indent = "", bool headings = true)
    {
        int[] widths = new int[_right.Length];
        for (int column = 0; column < widths.Length; column++)
        {
            bool used = _rows.Skip(1).Any(row => row[column].Length > 0);
            widths[column] = used ? _rows.Skip(headings ? 0 : 1).Max(row => Width(row[column])) : 0;
        }

        foreach (string[] row in _rows.Skip(headings ? 0 : 1))
        {
            StringBuilder line = new(indent);
            for (int column = 0; column < widths.Length; column++)
            {
                if (widths[column] == 0)
                {
                    continue;
                }

                string padding = new(' ', widths[column] - Width(row[column]));
                line.Append(_right[column] ? padding + row[column] : row[column] + padding).Append("  ");
            }

            output.Append(line.ToString().TrimEnd()).Append('\n');
        }
    }

    // Good enough for the columns of names: wide scripts take two cells each, combining marks none.
    private static int Width(string text)
    {
        int width = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            width += Rune.GetUnicodeCategory(rune) switch
            {
                System.Globalization.UnicodeCategory.NonSpacingMark => 0,
                System.Globalization.UnicodeCategory.EnclosingMark => 0,
                _ => rune.Value is (>= 0x1100 and <= 0x115f) or (>= 0x2e80 and <= 0xa4cf) or (>= 0xac00 and <= 0xd7a3)
                    or (>= 0xf900 and <= 0xfaff) or (>= 0xfe30 and <= 0xfe6f) or (>= 0xff00 and <= 0xff60)
                    or (>= 0x1f300 and <= 0x1faff) or (>= 0x20000 and <= 0x3fffd) ? 2 : 1,
            };
        }

        return width;
    }
}
