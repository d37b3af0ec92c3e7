using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apple;

/// <summary>Reads property lists in XML (Apple's PropertyList-1.0.dtd): the elements that the type has, UTF-8, and the
/// entities that XML predefines. Document types are skipped, never followed.</summary>
internal ref struct PropertyListReader
{
    /// <summary>Longest list in bytes; callers refuse longer ones before they read them.</summary>
    public const int MaxLength = 64 << 20;

    private const int MaxDepth = 32;
    private const int MaxValues = 1 << 20;

    private readonly string _format;
    private readonly long _offset;
    private readonly ReadOnlySpan<byte> _text;
    private int _at;
    private int _values;

    private PropertyListReader(string format, ReadOnlySpan<byte> text, long offset)
    {
        _format = format;
        _text = text;
        _offset = offset;
    }

    /// <summary>Reads a list.</summary>
    /// <param name="format">Who asks, for errors.</param>
    /// <param name="text">The list.</param>
    /// <param name="offset">Where it stands, for errors.</param>
    /// <exception cref="ImageFormatException">It is none, or too deep or too long.</exception>
    public static PlistValue Read(string format, ReadOnlySpan<byte> text, long offset)
    {
        PropertyListReader reader = new(format, text, offset);
        Tag tag = reader.ReadTag();
        if (!tag.Name.SequenceEqual("plist"u8) || tag.IsEnd)
        {
            reader.Throw("the property list does not begin with 'plist'");
        }

        return reader.ReadValue(reader.ReadTag(), 0);
    }

    private PlistValue ReadValue(Tag tag, int depth)
    {
        if (tag.IsEnd || depth > MaxDepth || ++_values > MaxValues)
        {
            Throw(tag.IsEnd
                ? "an element ends that did not begin"
                : $"the property list is deeper than {MaxDepth} or has more than {MaxValues} values");
        }

        switch (Encoding.ASCII.GetString(tag.Name))
        {
            case "dict":
                return new() { Entries = ReadEntries(tag, depth) };
            case "array":
                return new() { Items = ReadItems(tag, depth) };
            case "data":
                return new() { Data = DecodeBase64(ReadText(tag)) };
            case "true":
            case "false":
                _ = ReadText(tag);
                return new() { Text = Encoding.ASCII.GetString(tag.Name) };
            case "string":
            case "integer":
            case "real":
            case "date":
                return new() { Text = DecodeText(ReadText(tag)) };
            default:
                Throw("the property list has an element of no known kind");
                return null;
        }
    }

    private List<KeyValuePair<string, PlistValue>> ReadEntries(Tag dictionary, int depth)
    {
        List<KeyValuePair<string, PlistValue>> entries = [];
        if (!dictionary.IsEmpty)
        {
            for (Tag tag = ReadTag(); !tag.IsEnd; tag = ReadTag())
            {
                if (!tag.Name.SequenceEqual("key"u8))
                {
                    Throw("a dictionary has a value without a key");
                }

                string key = DecodeText(ReadText(tag));
                entries.Add(new(key, ReadValue(ReadTag(), depth + 1)));
            }
        }

        return entries;
    }

    private List<PlistValue> ReadItems(Tag array, int depth)
    {
        List<PlistValue> items = [];
        if (!array.IsEmpty)
        {
            for (Tag tag = ReadTag(); !tag.IsEnd; tag = ReadTag())
            {
                items.Add(ReadValue(tag, depth + 1));
            }
        }

        return items;
    }

    // The text of an element up to its end tag; elements inside are not allowed.
    private ReadOnlySpan<byte> ReadText(Tag tag)
    {
        if (tag.IsEmpty)
        {
            return [];
        }

        int length = _text[_at..].IndexOf((byte)'<');
        if (length < 0)
        {
            Throw("the property list ends inside an element");
        }

        ReadOnlySpan<byte> text = _text.Slice(_at, length);
        _at += length;
        Tag end = ReadTag();
        if (!end.IsEnd || !end.Name.SequenceEqual(tag.Name))
        {
            Throw("an element that holds text holds an element");
        }

        return text;
    }

    // The next tag; what stands before it, comments, processing instructions and the document type are skipped.
    private Tag ReadTag()
    {
        while (true)
        {
            int begin = _text[_at..].IndexOf((byte)'<');
            ReadOnlySpan<byte> rest = begin < 0 ? [] : _text[(_at + begin + 1)..];
            ReadOnlySpan<byte> closing = rest.StartsWith("!--"u8) ? "-->"u8 : ">"u8;
            int length = rest.IndexOf(closing);
            if (length < 0)
            {
                Throw("the property list ends inside an element");
            }

            _at += begin + 1 + length + closing.Length;
            ReadOnlySpan<byte> tag = rest[..length];
            if (tag.StartsWith("!DOCTYPE"u8) && tag.Contains((byte)'['))
            {
                Throw("the property list defines its own document type");
            }

            if (tag.IsEmpty || tag[0] is (byte)'?' or (byte)'!')
            {
                continue;
            }

            bool isEnd = tag[0] == '/';
            bool isEmpty = tag[^1] == '/';
            ReadOnlySpan<byte> name = tag[(isEnd ? 1 : 0)..];
            int end = name.IndexOfAny(" \t\r\n/"u8);
            return new(end < 0 ? name : name[..end], isEnd, isEmpty && !isEnd);
        }
    }

    private readonly byte[] DecodeBase64(ReadOnlySpan<byte> text)
    {
        byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (Base64.DecodeFromUtf8(text, bytes, out _, out int count) != OperationStatus.Done)
        {
            Throw("a data value is no base64");
        }

        return count == bytes.Length ? bytes : bytes[..count];
    }

    private readonly string DecodeText(ReadOnlySpan<byte> utf8)
    {
        string text = Encoding.UTF8.GetString(utf8);
        if (!text.Contains('&', StringComparison.Ordinal))
        {
            return text;
        }

        StringBuilder decoded = new();
        for (int at = 0; at < text.Length; at++)
        {
            int end = text[at] == '&' ? text.IndexOf(';', at) : at;
            if (end < 0)
            {
                Throw("an entity has no end");
            }

            decoded.Append(end == at ? text[at].ToString() : DecodeEntity(text.AsSpan(at + 1, end - at - 1)));
            at = end;
        }

        return decoded.ToString();
    }

    private readonly string DecodeEntity(ReadOnlySpan<char> name)
    {
        switch (name)
        {
            case "lt":
                return "<";
            case "gt":
                return ">";
            case "amp":
                return "&";
            case "quot":
                return "\"";
            case "apos":
                return "'";
        }

        NumberStyles style = NumberStyles.None;
        ReadOnlySpan<char> digits = name is ['#', ..] ? name[1..] : [];
        if (digits is ['x', ..])
        {
            style = NumberStyles.AllowHexSpecifier;
            digits = digits[1..];
        }

        if (int.TryParse(digits, style, CultureInfo.InvariantCulture, out int code)
            && Rune.TryCreate(code, out Rune rune))
        {
            return rune.ToString();
        }

        Throw("the property list has an entity that is not predefined");
        return null;
    }

    [DoesNotReturn]
    private readonly void Throw(string message) => ImageFormatException.Throw(_format, _offset + _at, message);

    private readonly ref struct Tag(ReadOnlySpan<byte> name, bool isEnd, bool isEmpty)
    {
        public ReadOnlySpan<byte> Name { get; } = name;

        public bool IsEnd { get; } = isEnd;

        public bool IsEmpty { get; } = isEmpty;
    }
}
