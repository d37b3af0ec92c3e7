using System.Globalization;

namespace Imaged.Formats.Images.Raw;

/// <summary>The names of the parts of a split image: two to four digits (<c>disk.000</c>, <c>disk.001</c> …) or two to
/// four letters (<c>disk.aa</c>, <c>disk.ab</c> …) behind the last dot, as <c>split</c>, <c>dd</c> scripts and imagers
/// make them.</summary>
/// <param name="Stem">All up to the dot, with it.</param>
/// <param name="Width">Digits or letters.</param>
/// <param name="IsLetters">Whether the parts are lettered.</param>
/// <param name="First">Number of the first part: 0 or 1.</param>
internal readonly record struct PartName(string Stem, int Width, bool IsLetters, int First)
{
    // More parts than any image has; four letters would name half a million.
    private const int MaxParts = 10000;

    // As many as two letters name.
    private const int MaxLettered = 26 * 26;

    /// <summary>How many parts the names suffice for.</summary>
    public int MaxCount
    {
        get
        {
            int count = 1;
            for (int i = 0; i < Width; i++)
            {
                count *= IsLetters ? 26 : 10;
            }

            return Math.Min(count - First, MaxParts);
        }
    }

    /// <summary>Takes the name of a part apart.</summary>
    /// <param name="name">Name of a file.</param>
    /// <param name="part">The names of its parts, if these are counted from 0.</param>
    /// <param name="number">Number of this part, counted from 0.</param>
    public static bool TryParse(string name, out PartName part, out int number)
    {
        part = default;
        number = 0;
        int dot = name.LastIndexOf('.');
        ReadOnlySpan<char> suffix = name.AsSpan(dot + 1);
        if (dot < 1 || suffix.Length is < 2 or > 4)
        {
            return false;
        }

        bool isLetters = true;
        foreach (char letter in suffix)
        {
            isLetters &= char.IsAsciiLetterLower(letter);
            number = (number * 26) + letter - 'a';
        }

        // More letters are rather the extension of another format: only what comes soon enough counts as a part.
        if (isLetters ? number >= MaxLettered : !int.TryParse(
            suffix, NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            return false;
        }

        part = new(name[..(dot + 1)], suffix.Length, isLetters, 0);
        return true;
    }

    /// <summary>Name of a part, counted from 0.</summary>
    public string At(int index)
    {
        int number = First + index;
        Span<char> suffix = stackalloc char[Width];
        for (int i = Width - 1; i >= 0; i--)
        {
            int radix = IsLetters ? 26 : 10;
            suffix[i] = (char)((IsLetters ? 'a' : '0') + (number % radix));
            number /= radix;
        }

        return string.Concat(Stem, suffix);
    }
}
