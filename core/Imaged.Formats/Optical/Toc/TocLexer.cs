using System.Globalization;
using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Toc;

/// <summary>A word of a TOC file.</summary>
/// <param name="Text">The word; of a string what is between its quotes.</param>
/// <param name="IsString">Whether it stands in quotes.</param>
/// <param name="Offset">Where it begins.</param>
internal readonly record struct TocToken(string Text, bool IsString, int Offset)
{
    /// <summary>Whether it is this word, not in quotes.</summary>
    public bool Is(string word) => !IsString && Text == word;
}

/// <summary>Takes a TOC file of cdrdao apart: words, strings in quotes, braces; comments begin with two slashes. Not
/// thread-safe.</summary>
/// <param name="text">The file.</param>
internal sealed class TocLexer(string text)
{
    private int _at;
    private TocToken? _next;

    /// <summary>The next token without taking it; null at the end.</summary>
    public TocToken? Peek() => _next ??= Read();

    /// <summary>Takes the next token; null at the end.</summary>
    public TocToken? Take()
    {
        TocToken? token = Peek();
        _next = null;
        return token;
    }

    /// <summary>Takes the next token if it is this word.</summary>
    public bool TryTake(string word)
    {
        if (Peek() is not { } token || !token.Is(word))
        {
            return false;
        }

        _next = null;
        return true;
    }

    /// <summary>Takes a string.</summary>
    /// <exception cref="ImageFormatException">The next token is none.</exception>
    public TocToken TakeString(string what)
    {
        if (Take() is not { IsString: true } token)
        {
            throw new ImageFormatException(TocFormat.Info.Id, _at, $"{what} is to be followed by a string in quotes");
        }

        return token;
    }

    private TocToken? Read()
    {
        SkipBlanks();
        if (_at >= text.Length)
        {
            return null;
        }

        int begin = _at;
        char first = text[_at];
        if (first == '"')
        {
            return new(ReadString(), true, begin);
        }

        _at++;
        if (first is '{' or '}' or ',')
        {
            return new(first.ToString(), false, begin);
        }

        while (_at < text.Length
            && !char.IsWhiteSpace(text[_at])
            && text[_at] is not ('"' or '{' or '}' or ',')
            && !IsComment())
        {
            _at++;
        }

        return new(text[begin.._at], false, begin);
    }

    private void SkipBlanks()
    {
        while (_at < text.Length && (char.IsWhiteSpace(text[_at]) || text[_at] == '\u001a' || IsComment()))
        {
            if (IsComment())
            {
                int end = text.AsSpan(_at).IndexOfAny('\r', '\n');
                _at = end < 0 ? text.Length : _at + end;
            }
            else
            {
                _at++;
            }
        }
    }

    private bool IsComment() => text[_at] == '/' && _at + 1 < text.Length && text[_at + 1] == '/';

    // A backslash stands before a quote, before itself, or before three octal digits.
    private string ReadString()
    {
        int begin = _at++;
        StringBuilder value = new();
        while (_at < text.Length && text[_at] != '"')
        {
            char c = text[_at++];
            if (c == '\\' && _at < text.Length)
            {
                c = text[_at++];
                if (c is >= '0' and <= '3' && _at + 2 <= text.Length && IsOctal(text[_at]) && IsOctal(text[_at + 1]))
                {
                    c = (char)(((c - '0') * 64) + ((text[_at] - '0') * 8) + text[_at + 1] - '0');
                    _at += 2;
                }
            }

            value.Append(c);
        }

        if (_at >= text.Length)
        {
            ImageFormatException.Throw(
                TocFormat.Info.Id,
                begin,
                string.Create(CultureInfo.InvariantCulture, $"the string at character {begin} does not end"));
        }

        _at++;
        return value.ToString();
    }

    private static bool IsOctal(char c) => c is >= '0' and <= '7';
}
