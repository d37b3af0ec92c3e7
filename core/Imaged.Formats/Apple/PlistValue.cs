namespace Imaged.Formats.Apple;

/// <summary>A value of a property list: exactly one of the properties is set.</summary>
internal sealed class PlistValue
{
    /// <summary>Text of a string, number, date or truth value (<c>true</c>, <c>false</c>).</summary>
    public string? Text { get; init; }

    /// <summary>Decoded bytes of a data value.</summary>
    public byte[]? Data { get; init; }

    /// <summary>Values of an array.</summary>
    public IReadOnlyList<PlistValue>? Items { get; init; }

    /// <summary>Keys and values of a dictionary, in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, PlistValue>>? Entries { get; init; }

    /// <summary>The first value with this key; null when there is none or this is no dictionary.</summary>
    public PlistValue? this[string key] => Entries?.FirstOrDefault(entry => entry.Key == key).Value;

    /// <summary>The number that the text is; null when it is none.</summary>
    public long? Number => long.TryParse(
        Text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture,
        out long number) ? number : null;
}
