using System.Globalization;
using Imaged.Blocks;

namespace Imaged.Formats.Images.Aff4;

/// <summary>Bytes that are not stored, without end (AFF4 standard 1.0, section 4.4): one byte again and again, or a
/// word, which begins anew in every MiB.</summary>
internal sealed class Aff4Symbol : BlockSource
{
    private const int WordPeriod = 1 << 20;

    private readonly byte[] _word;

    private Aff4Symbol(string name, params ReadOnlySpan<byte> word)
    {
        Name = name;
        _word = word.ToArray();
    }

    /// <summary>Zeros.</summary>
    public static Aff4Symbol Zero { get; } = new("Zero", 0);

    /// <summary>Its name without that of the schema.</summary>
    public string Name { get; }

    /// <summary>Whether it stands for what could not be read.</summary>
    public bool IsUnreadable => Name == "UnreadableData";

    /// <inheritdoc/>
    public override long Length => long.MaxValue;

    /// <summary>The symbol with this address; null when it is none.</summary>
    public static Aff4Symbol? TryFind(string address)
    {
        const string Repeated = "SymbolicStream";
        if (!address.StartsWith(Aff4Graph.Schema, StringComparison.Ordinal))
        {
            return null;
        }

        string name = address[Aff4Graph.Schema.Length..];
        return name switch
        {
            "Zero" => Zero,
            "UnknownData" => new(name, "UNKNOWN"u8),
            "UnreadableData" => new(name, "UNREADABLEDATA"u8),
            _ when name.StartsWith(Repeated, StringComparison.Ordinal) && name.Length == Repeated.Length + 2
                && byte.TryParse(
                    name.AsSpan(Repeated.Length),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out byte value) => value == 0 ? Zero : new(name, value),
            _ => null,
        };
    }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        if (_word.Length == 1)
        {
            destination.Fill(_word[0]);
            return;
        }

        int inside = (int)(offset % WordPeriod);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = _word[inside % _word.Length];
            inside = inside == WordPeriod - 1 ? 0 : inside + 1;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset) =>
        new(offset, Length - offset, this == Zero ? ExtentKind.Zero : ExtentKind.Data);
}
