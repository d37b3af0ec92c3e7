using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Aff4;

/// <summary>Reads what occurs of Turtle ("RDF 1.1 Turtle", W3C 2014) in AFF4: prefixes, addresses, texts with a type or
/// a language, numbers, lists of properties and values. Nodes without a name and collections are refused.</summary>
internal ref struct Aff4Turtle
{
    private readonly ReadOnlySpan<char> _text;
    private readonly Aff4Graph _graph = new();
    private readonly Dictionary<string, string> _prefixes = new(StringComparer.Ordinal);
    private string _base = string.Empty;
    private int _at;

    private Aff4Turtle(ReadOnlySpan<char> text) => _text = text;

    private readonly bool IsAtEnd => _at >= _text.Length;

    /// <summary>Reads all statements.</summary>
    /// <exception cref="ImageFormatException">The text is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">Something of Turtle is in it that is not read.</exception>
    public static Aff4Graph Read(ReadOnlySpan<byte> bytes)
    {
        Aff4Turtle turtle = new(Encoding.UTF8.GetString(bytes).TrimStart('\ufeff'));
        for (turtle.SkipSpace(); !turtle.IsAtEnd; turtle.SkipSpace())
        {
            if (!turtle.TryReadDirective())
            {
                turtle.ReadStatements();
            }
        }

        return turtle._graph;
    }

    private static bool IsNameEnd(char c) => char.IsWhiteSpace(c) || c is ';' or ',' or '<' or '"' or '#' or '^' or ')'
        or ']' or '(' or '[';

    private bool TryReadDirective()
    {
        bool isAt = _text[_at] == '@';
        if (TakeWord(isAt ? "@prefix" : "PREFIX"))
        {
            SkipSpace();
            int end = _text[_at..].IndexOf(':');
            if (end < 0)
            {
                ThrowDamaged();
            }

            string name = _text.Slice(_at, end).Trim().ToString();
            _at += end + 1;
            SkipSpace();
            _prefixes[name] = ReadAddress();
        }
        else if (TakeWord(isAt ? "@base" : "BASE"))
        {
            SkipSpace();
            _base = ReadAddress();
        }
        else
        {
            return false;
        }

        if (isAt)
        {
            SkipSpace();
            Expect('.');
        }

        return true;
    }

    private void ReadStatements()
    {
        string subject = ReadName();
        while (true)
        {
            SkipSpace();
            string property = ReadName();
            do
            {
                SkipSpace();
                _graph.Add(subject, property, ReadValue());
                SkipSpace();
            }
            while (Take(','));

            while (Take(';'))
            {
                SkipSpace();
            }

            if (Take('.'))
            {
                return;
            }

            if (IsAtEnd)
            {
                ThrowDamaged();
            }
        }
    }

    private Aff4Value ReadValue()
    {
        char first = Peek();
        if (first is '"' or '\'')
        {
            string text = ReadText(first);
            if (TakeWord("^^"))
            {
                return new(text, ReadName());
            }

            if (Peek() == '@')
            {
                _ = ReadWord();
            }

            return new(text, string.Empty);
        }

        return char.IsAsciiDigit(first) || first is '+' or '-' ? new(ReadWord().ToString(), string.Empty)
            : new(ReadName(), string.Empty);
    }

    // An address, or a short name for one.
    private string ReadName()
    {
        char first = Peek();
        if (first == '<')
        {
            return ReadAddress();
        }

        if (first is '[' or '(')
        {
            UnsupportedFeatureException.Throw(
                Aff4Format.Info.Id, $"a description with a '{first}' at character {_at} of information.turtle");
        }

        ReadOnlySpan<char> word = ReadWord();
        int colon = word.IndexOf(':');
        if (colon < 0)
        {
            return word switch
            {
                "a" => Aff4Graph.TypeProperty,
                "true" or "false" => word.ToString(),
                _ => ThrowDamaged(),
            };
        }

        return _prefixes.TryGetValue(word[..colon].ToString(), out string? prefix)
            ? string.Concat(prefix, word[(colon + 1)..])
            : word.ToString();
    }

    // A dot ends a statement, unless a name goes on behind it.
    private ReadOnlySpan<char> ReadWord()
    {
        int begin = _at;
        while (!IsAtEnd && !IsNameEnd(_text[_at]))
        {
            if (_text[_at] == '.' && (_at + 1 == _text.Length || IsNameEnd(_text[_at + 1])))
            {
                break;
            }

            _at++;
        }

        if (_at == begin)
        {
            ThrowDamaged();
        }

        return _text[begin.._at];
    }

    private string ReadAddress()
    {
        Expect('<');
        int length = _text[_at..].IndexOf('>');
        if (length < 0)
        {
            ThrowDamaged();
        }

        string address = _text.Slice(_at, length).ToString();
        _at += length + 1;
        return _base.Length > 0 && !address.Contains(':', StringComparison.Ordinal) ? _base + address : address;
    }

    private string ReadText(char quote)
    {
        bool isLong = _at + 2 < _text.Length && _text[_at + 1] == quote && _text[_at + 2] == quote;
        _at += isLong ? 3 : 1;
        StringBuilder text = new();
        while (true)
        {
            char next = Peek();
            _at++;
            if (next == '\\')
            {
                ReadEscape(text);
            }
            else if (next != quote)
            {
                text.Append(next);
            }
            else if (!isLong)
            {
                return text.ToString();
            }
            else if (_at + 1 < _text.Length && _text[_at] == quote && _text[_at + 1] == quote)
            {
                _at += 2;
                return text.ToString();
            }
            else
            {
                text.Append(next);
            }
        }
    }

    private void ReadEscape(StringBuilder text)
    {
        char code = Peek();
        _at++;
        int digits = code switch { 'u' => 4, 'U' => 8, _ => 0 };
        if (digits == 0)
        {
            text.Append(code switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', _ => code });
            return;
        }

        if (digits > _text.Length - _at
            || !uint.TryParse(
                _text.Slice(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value)
            || !Rune.TryCreate(value, out Rune rune))
        {
            ThrowDamaged();
            return;
        }

        text.Append(rune.ToString());
        _at += digits;
    }

    private void SkipSpace()
    {
        while (!IsAtEnd && (char.IsWhiteSpace(_text[_at]) || _text[_at] == '#'))
        {
            if (_text[_at] == '#')
            {
                int end = _text[_at..].IndexOf('\n');
                _at = end < 0 ? _text.Length : _at + end;
            }
            else
            {
                _at++;
            }
        }
    }

    private readonly char Peek() => IsAtEnd ? ThrowDamaged()[0] : _text[_at];

    private bool Take(char wanted)
    {
        bool isThere = !IsAtEnd && _text[_at] == wanted;
        _at += isThere ? 1 : 0;
        return isThere;
    }

    private bool TakeWord(string wanted)
    {
        bool isThere = _text[_at..].StartsWith(wanted, StringComparison.Ordinal);
        _at += isThere ? wanted.Length : 0;
        return isThere;
    }

    private void Expect(char wanted)
    {
        if (!Take(wanted))
        {
            ThrowDamaged();
        }
    }

    [DoesNotReturn]
    private readonly string ThrowDamaged() => throw new ImageFormatException(
        Aff4Format.Info.Id, 0, $"information.turtle cannot be understood at character {_at}");
}
