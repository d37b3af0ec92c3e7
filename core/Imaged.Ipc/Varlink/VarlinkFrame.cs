using System.Text.Json;

namespace Imaged.Ipc.Varlink;

/// <summary>The outer object of a message. Its parameters stay bytes until their type is known.</summary>
internal readonly record struct VarlinkFrame
{
    public const int MaxDepth = 32;

    private VarlinkFrame(ReadOnlyMemory<byte> parameters)
    {
        Parameters = parameters;
    }

    public string? Method { get; private init; }

    public string? Error { get; private init; }

    public bool More { get; private init; }

    public bool OneWay { get; private init; }

    public bool Upgrade { get; private init; }

    public bool Continues { get; private init; }

    /// <summary>An object; part of the message's buffer.</summary>
    public ReadOnlyMemory<byte> Parameters { get; private init; }

    public static VarlinkFrame Parse(ReadOnlyMemory<byte> message)
    {
        VarlinkFrame frame = new("{}"u8.ToArray());
        Utf8JsonReader reader = new(message.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            reader.Read();
            Expect(reader.TokenType == JsonTokenType.StartObject, "a message is an object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                reader.Read();
                frame = name switch
                {
                    "method" => frame with { Method = Text(ref reader, name) },
                    "error" => frame with { Error = Text(ref reader, name) },
                    "parameters" => frame with { Parameters = Object(ref reader, message) },
                    "more" => frame with { More = Flag(ref reader, name) },
                    "oneway" => frame with { OneWay = Flag(ref reader, name) },
                    "upgrade" => frame with { Upgrade = Flag(ref reader, name) },
                    "continues" => frame with { Continues = Flag(ref reader, name) },
                    _ => Ignore(ref reader, frame),
                };
            }

            Expect(!reader.Read(), "there is more after the object");
            return frame;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped half of a surrogate pair.
            throw new VarlinkProtocolException("the message is not JSON: " + error.Message, error);
        }
    }

    private static string? Text(ref Utf8JsonReader reader, string name)
    {
        Expect(reader.TokenType is JsonTokenType.String or JsonTokenType.Null, $"'{name}' is a string");
        return reader.GetString();
    }

    private static bool Flag(ref Utf8JsonReader reader, string name)
    {
        Expect(
            reader.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null, $"'{name}' is a bool");
        return reader.TokenType == JsonTokenType.True;
    }

    private static ReadOnlyMemory<byte> Object(ref Utf8JsonReader reader, ReadOnlyMemory<byte> message)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return "{}"u8.ToArray();
        }

        Expect(reader.TokenType == JsonTokenType.StartObject, "'parameters' is an object");
        int start = (int)reader.TokenStartIndex;
        int depth = reader.CurrentDepth;

        // No list of the contract holds null, and deserialization does not check that.
        ulong isArray = 0;
        while (reader.Read() && !(reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth))
        {
            ulong inside = 1ul << (reader.CurrentDepth + 1);
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray:
                    isArray |= inside;
                    break;
                case JsonTokenType.StartObject:
                    isArray &= ~inside;
                    break;
                case JsonTokenType.Null:
                    Expect((isArray & (inside >> 1)) == 0, "a list holds no null");
                    break;
            }
        }

        return message[start..(int)reader.BytesConsumed];
    }

    private static VarlinkFrame Ignore(ref Utf8JsonReader reader, VarlinkFrame frame)
    {
        reader.Skip();
        return frame;
    }

    private static void Expect(bool condition, string rule)
    {
        if (!condition)
        {
            throw new VarlinkProtocolException($"a malformed message: {rule}");
        }
    }
}
