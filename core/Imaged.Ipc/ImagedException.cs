using Imaged.Ipc.Contract;

namespace Imaged.Ipc;

/// <summary>An error of <c>io.imaged.Error</c>: a server throws it, its client catches it.</summary>
public sealed class ImagedException : Exception
{
    /// <summary>Says what went wrong.</summary>
    /// <param name="kind">The error.</param>
    /// <param name="message">One clear sentence without a full stop.</param>
    /// <param name="cause">What led to it; it does not cross the wire.</param>
    public ImagedException(ErrorKind kind, string message, Exception? cause = null)
        : base(message, cause)
    {
        Kind = kind;
    }

    /// <summary>The error.</summary>
    public ErrorKind Kind { get; }

    /// <summary>Of <see cref="ErrorKind.InvalidArgument"/>: the parameter.</summary>
    public string? Field { get; init; }

    /// <summary>Of <see cref="ErrorKind.BadImage"/> and <see cref="ErrorKind.Unsupported"/>: id of the
    /// format.</summary>
    public string? Format { get; init; }

    /// <summary>Of <see cref="ErrorKind.BadImage"/>: byte offset in that layer.</summary>
    public long? Offset { get; init; }

    /// <summary>Of <see cref="ErrorKind.Unsupported"/>: what it would take.</summary>
    public string? Feature { get; init; }

    /// <summary>Of <see cref="ErrorKind.HostError"/>: as in <c>errno(3)</c>.</summary>
    public int? Errno { get; init; }

    /// <summary>Of <see cref="ErrorKind.Ambiguous"/>: what would decide.</summary>
    public IReadOnlyList<string>? Choices { get; init; }

    /// <summary>Full name of the error on the wire.</summary>
    internal string WireName => $"{ErrorInterface.Name}.{Kind}";

    /// <summary>Parameters of the error on the wire.</summary>
    internal ErrorParameters ToParameters() => new()
    {
        Message = Message,
        Field = Field,
        Format = Format,
        Offset = Offset,
        Feature = Feature,
        Errno = Errno,
        Choices = Choices,
    };

    /// <summary>The exception of an error of <c>io.imaged.Error</c>; null when <paramref name="wireName"/> is another
    /// one.</summary>
    internal static ImagedException? FromWire(string wireName, ErrorParameters parameters)
    {
        foreach (ErrorKind kind in Enum.GetValues<ErrorKind>())
        {
            if (wireName == $"{ErrorInterface.Name}.{kind}")
            {
                return new(kind, parameters.Message ?? "it failed for a reason that was not given")
                {
                    Field = parameters.Field,
                    Format = parameters.Format,
                    Offset = parameters.Offset,
                    Feature = parameters.Feature,
                    Errno = parameters.Errno,
                    Choices = parameters.Choices,
                };
            }
        }

        return null;
    }
}
