using System.Globalization;

namespace Imaged.Formats.Images.Aff4;

/// <summary>The statements of <c>information.turtle</c>: of a subject, by what is said of it.</summary>
internal sealed class Aff4Graph
{
    /// <summary>What the names of AFF4 begin with.</summary>
    public const string Schema = "http://aff4.org/Schema#";

    /// <summary>What they began with before the standard.</summary>
    public const string OldSchema = "http://afflib.org/2009/aff4#";

    /// <summary>The property that tells what something is.</summary>
    public const string TypeProperty = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

    private readonly Dictionary<string, Dictionary<string, List<Aff4Value>>> _subjects = new(StringComparer.Ordinal);

    /// <summary>All subjects in the order of the text.</summary>
    public IEnumerable<string> Subjects => _subjects.Keys;

    /// <summary>Whether anything is said in the words from before the standard.</summary>
    public bool IsOld { get; private set; }

    /// <summary>Adds a statement.</summary>
    public void Add(string subject, string property, Aff4Value value)
    {
        IsOld |= property.StartsWith(OldSchema, StringComparison.Ordinal);
        if (!_subjects.TryGetValue(subject, out Dictionary<string, List<Aff4Value>>? properties))
        {
            _subjects.Add(subject, properties = new(StringComparer.Ordinal));
        }

        if (!properties.TryGetValue(property, out List<Aff4Value>? values))
        {
            properties.Add(property, values = []);
        }

        values.Add(value);
    }

    /// <summary>What is said of a subject.</summary>
    /// <param name="subject">Its address.</param>
    /// <param name="property">Name of a property of AFF4, or <see cref="TypeProperty"/>.</param>
    public IReadOnlyList<Aff4Value> Values(string subject, string property)
    {
        string full = property == TypeProperty ? property : Schema + property;
        return _subjects.TryGetValue(subject, out Dictionary<string, List<Aff4Value>>? properties)
            && properties.TryGetValue(full, out List<Aff4Value>? values)
            ? values
            : [];
    }

    /// <summary>The first thing that is said; null when nothing is.</summary>
    public string? Value(string subject, string property)
    {
        IReadOnlyList<Aff4Value> values = Values(subject, property);
        return values.Count == 0 ? null : values[0].Text;
    }

    /// <summary>A number from 0 up to a limit; null when there is none, or another one.</summary>
    public long? Number(string subject, string property, long limit) =>
        long.TryParse(Value(subject, property), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
        && number <= limit
            ? number
            : null;

    /// <summary>Whether a subject is of a type of AFF4.</summary>
    public bool Is(string subject, string type)
    {
        foreach (Aff4Value value in Values(subject, TypeProperty))
        {
            if (value.Text.Length == Schema.Length + type.Length
                && value.Text.StartsWith(Schema, StringComparison.Ordinal)
                && value.Text.EndsWith(type, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
