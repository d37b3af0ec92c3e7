using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ewf;

/// <summary>The files of an image: <c>.E01</c> to <c>.E99</c>, then <c>.EAA</c> to <c>.ZZZ</c>; of version 2
/// <c>.Ex01</c> to <c>.Ex99</c>, then <c>.ExAA</c> to <c>.EzZZ</c>. All have the case of the first one.</summary>
internal sealed class EwfSegments
{
    private const int NumberedCount = 99;
    private const int LetterCount = 26;

    private readonly ImageOpener _opener;

    /// <summary>The files that begin with the one that is opened.</summary>
    public EwfSegments(ImageOpener opener) => _opener = opener;

    /// <summary>How many were opened.</summary>
    public int Count { get; private set; }

    /// <summary>Name of a file of an image.</summary>
    /// <param name="first">Name of the first one.</param>
    /// <param name="number">Number, from 1.</param>
    /// <returns>Null when the first name is no such name, or there is none for the number.</returns>
    public static string? NameOf(string first, int number)
    {
        string extension = Path.GetExtension(first);
        if (extension.Length is not (4 or 5) || !extension.EndsWith("01", StringComparison.Ordinal))
        {
            return null;
        }

        string stem = first[..^extension.Length];
        string letters = extension[1..^2];
        if (number <= NumberedCount)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{stem}.{letters}{number:00}");
        }

        // The last letter before the digits counts on when the two behind it are used up.
        int index = number - NumberedCount - 1;
        char last = (char)(letters[^1] + (index / (LetterCount * LetterCount)));
        char a = char.IsAsciiLetterUpper(letters[0]) ? 'A' : 'a';
        return char.IsAsciiLetter(letters[^1]) && char.ToUpperInvariant(last) <= 'Z' && char.IsAsciiLetter(last)
            ? $"{stem}.{letters[..^1]}{last}{(char)(a + (index / LetterCount % LetterCount))}"
                + (char)(a + (index % LetterCount))
            : null;
    }

    /// <summary>Opens a file.</summary>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="first">Header of the first one.</param>
    /// <exception cref="ImageFormatException">It is missing, or part of another image.</exception>
    public EwfSegment Open(int number, EwfFileHeader first)
    {
        Count = number;
        if (number == 1)
        {
            return new(1, _opener.FileName, _opener.Content);
        }

        string? name = NameOf(_opener.FileName, number);
        if (name is null || _opener.Siblings is null || !_opener.Siblings.TryOpen(name, out BlockSource file))
        {
            string what = name is null ? $"'{_opener.FileName}' does not end in .E01" : $"'{name}' is not there";
            throw new ImageFormatException(EwfFormat.Info.Id, 0, $"the image goes on in file {number}, but {what}");
        }

        EwfFileHeader header = EwfFileHeader.Read(file, name);
        if (header.Kind != first.Kind || header.Segment != number || header.SetId != first.SetId)
        {
            ImageFormatException.Throw(EwfFormat.Info.Id, 9, $"'{name}' is not file {number} of this image");
        }

        return new(number, name, file);
    }
}
