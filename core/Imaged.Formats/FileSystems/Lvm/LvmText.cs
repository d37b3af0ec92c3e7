using System.Globalization;
using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.Lvm;

/// <summary>A section of the metadata of a volume group: values and further sections by name.</summary>
internal sealed class LvmSection
{
    /// <summary>Values: a <see cref="long"/>, a <see cref="string"/>, or a list of such.</summary>
    public Dictionary<string, object> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>Sections.</summary>
    public Dictionary<string, LvmSection> Sections { get; } = new(StringComparer.Ordinal);

    /// <summary>The number of this name.</summary>
    /// <exception cref="ImageFormatException">There is none, or it is negative.</exception>
    public long Number(string name) => Values.GetValueOrDefault(name) is long and >= 0 and long number
        ? number
        : throw new ImageFormatException(LvmUsedBlocks.Id, 0, $"the metadata has no number '{name}'");

    /// <summary>The text of this name; null when there is none.</summary>
    public string? Text(string name) => Values.GetValueOrDefault(name) as string;

    /// <summary>The section of this name.</summary>
    /// <exception cref="ImageFormatException">There is none.</exception>
    public LvmSection Section(string name) => Sections.GetValueOrDefault(name)
        ?? throw new ImageFormatException(LvmUsedBlocks.Id, 0, $"the metadata has no section '{name}'");
}

/// <summary>Parses the metadata of a volume group as LVM writes it (lib/config/config.c): <c>name = value</c>,
/// <c>name { … }</c>, numbers, text between quotes, lists between brackets, comments from <c>#</c> to the end of the
/// line.</summary>
internal sealed class LvmText
{
    private const int MaxDepth = 16;

    private readonly byte[] _text;
    private int _at;

    private LvmText(byte[] text) => _text = text;

    /// <summary>Parses all of a text.</summary>
    /// <param name="text">Of a length that was compared with a limit: what it takes in memory is a multiple.</param>
    /// <exception cref="ImageFormatException">It is not such a text.</exception>
    public static LvmSection Parse(byte[] text)
    {
        LvmText parser = new(text);
        LvmSection root = new();
        parser.ReadSection(root, 0);
        return root;
    }

    private void ReadSection(LvmSection section, int depth)
    {
        if (depth > MaxDepth)
        {
            Throw($"sections in each other to a depth of more than {MaxDepth}");
        }

        while (true)
        {
            byte next = Peek();
            if (next == (depth == 0 ? (byte)0 : (byte)'}'))
            {
                _at++;
                return;
            }

            string name = ReadName();
            bool isNew = Peek() == (byte)'{'
                ? section.Sections.TryAdd(name, Enter(depth))
                : Take((byte)'=') && section.Values.TryAdd(name, ReadValue());
            if (!isNew)
            {
                Throw($"'{name}' twice");
            }
        }
    }

    private LvmSection Enter(int depth)
    {
        LvmSection section = new();
        _at++;
        ReadSection(section, depth + 1);
        return section;
    }

    private object ReadValue()
    {
        if (Peek() != (byte)'[')
        {
            return ReadScalar();
        }

        List<object> list = [];
        _at++;
        while (Peek() != (byte)']')
        {
            list.Add(ReadScalar());
            if (Peek() == (byte)',')
            {
                _at++;
            }
            else if (Peek() != (byte)']')
            {
                Throw("a list without an end");
            }
        }

        _at++;
        return list;
    }

    private object ReadScalar()
    {
        if (Peek() == (byte)'"')
        {
            return ReadText();
        }

        int begin = _at;
        while (_at < _text.Length && (char.IsAsciiDigit((char)_text[_at]) || _text[_at] is (byte)'-' or (byte)'.'))
        {
            _at++;
        }

        string number = Encoding.ASCII.GetString(_text, begin, _at - begin);
        if (!long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value))
        {
            Throw($"'{number}' is no number");
        }

        return value;
    }

    private string ReadText()
    {
        StringBuilder text = new();
        for (_at++; _at < _text.Length && _text[_at] != (byte)'"'; _at++)
        {
            if (_text[_at] == (byte)'\\' && _at + 1 < _text.Length)
            {
                _at++;
            }

            text.Append((char)_text[_at]);
        }

        Take((byte)'"');
        return text.ToString();
    }

    private string ReadName()
    {
        int begin = _at;
        while (_at < _text.Length
            && (char.IsAsciiLetterOrDigit((char)_text[_at]) || "_-+."u8.Contains(_text[_at])))
        {
            _at++;
        }

        if (_at == begin)
        {
            Throw("a name is missing");
        }

        return Encoding.ASCII.GetString(_text, begin, _at - begin);
    }

    private bool Take(byte wanted)
    {
        if (Peek() != wanted)
        {
            Throw($"'{(char)wanted}' is missing");
        }

        _at++;
        return true;
    }

    // The next byte that is neither blank nor comment; 0 at the end.
    private byte Peek()
    {
        while (_at < _text.Length)
        {
            byte next = _text[_at];
            if (next == (byte)'#')
            {
                int end = _text.AsSpan(_at).IndexOf((byte)'\n');
                _at = end < 0 ? _text.Length : _at + end;
            }
            else if (next is not ((byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r'))
            {
                return next;
            }
            else
            {
                _at++;
            }
        }

        return 0;
    }

    private void Throw(string message) =>
        ImageFormatException.Throw(LvmUsedBlocks.Id, 0, $"metadata of the volume group, character {_at}: {message}");
}
