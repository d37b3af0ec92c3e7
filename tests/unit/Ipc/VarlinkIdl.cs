using System.Text.RegularExpressions;

namespace Imaged.UnitTests.Ipc;

/// <summary>A type of varlink's interface language.</summary>
/// <param name="Kind">string, int, bool, struct, enum, list, or the name of a type.</param>
/// <param name="Optional">Marked with a question mark.</param>
/// <param name="Fields">Of a struct.</param>
/// <param name="Values">Of an enum.</param>
/// <param name="Element">Of a list.</param>
internal sealed record IdlType(
    string Kind,
    bool Optional = false,
    IReadOnlyDictionary<string, IdlType>? Fields = null,
    IReadOnlyList<string>? Values = null,
    IdlType? Element = null);

/// <summary>Reads an interface description as the grammar on varlink.org has it.</summary>
internal sealed partial class VarlinkIdl
{
    private readonly Queue<string> _tokens;

    public VarlinkIdl(string text)
    {
        _tokens = new(Token().Matches(Comment().Replace(text, string.Empty)).Select(match => match.Value));
        Expect("interface");
        Name = _tokens.Dequeue();
        while (_tokens.TryDequeue(out string? keyword))
        {
            string name = _tokens.Dequeue();
            switch (keyword)
            {
                case "type":
                    Types.Add(name, ReadType());
                    break;
                case "error":
                    Errors.Add(name, ReadType());
                    break;
                case "method":
                    IdlType parameters = ReadType();
                    Expect("->");
                    Methods.Add(name, (parameters, ReadType()));
                    break;
                default:
                    throw new FormatException($"'{keyword}' begins no member");
            }
        }
    }

    public string Name { get; }

    public Dictionary<string, IdlType> Types { get; } = [];

    public Dictionary<string, IdlType> Errors { get; } = [];

    public Dictionary<string, (IdlType Parameters, IdlType Reply)> Methods { get; } = [];

    [GeneratedRegex("#[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"->|\[\]|[?(),:]|[A-Za-z][A-Za-z0-9_.]*|\S")]
    private static partial Regex Token();

    private void Expect(string token)
    {
        if (_tokens.Dequeue() is string found && found != token)
        {
            throw new FormatException($"'{found}' stands where '{token}' should");
        }
    }

    private IdlType ReadType()
    {
        string token = _tokens.Dequeue();
        return token switch
        {
            "?" => ReadType() with { Optional = true },
            "[]" => new("list", Element: ReadType()),
            "(" => ReadStruct(),
            _ when char.IsLetter(token[0]) => new(token),
            _ => throw new FormatException($"'{token}' is no type"),
        };
    }

    private IdlType ReadStruct()
    {
        Dictionary<string, IdlType> fields = [];
        List<string> values = [];
        while (_tokens.Peek() != ")")
        {
            string name = _tokens.Dequeue();
            if (_tokens.Peek() == ":")
            {
                _tokens.Dequeue();
                fields.Add(name, ReadType());
            }
            else
            {
                values.Add(name);
            }

            if (_tokens.Peek() == ",")
            {
                _tokens.Dequeue();
            }
        }

        _tokens.Dequeue();
        return values.Count > 0 ? new("enum", Values: values) : new("struct", Fields: fields);
    }
}
