using System.Text.Json.Serialization;

namespace Imaged.Ipc.Contract;

/// <summary>Something that happened to an attachment, or to a caller.</summary>
public sealed record Event
{
    /// <summary>What.</summary>
    public EventKind Kind { get; set; }

    /// <summary>When, milliseconds since 1970 in UTC.</summary>
    public long Time { get; set; }

    /// <summary>User id: whose attachment it is, or who was refused.</summary>
    public long Owner { get; set; }

    /// <summary>The attachment as it was then; null for a caller who was refused.</summary>
    public Attachment? Attachment { get; set; }

    /// <summary>More of it, for people.</summary>
    public string Message { get; set; } = string.Empty;
}

/// <summary>What happened.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<EventKind>))]
public enum EventKind
{
    /// <summary>It was attached or mounted.</summary>
    Attached,

    /// <summary>It is over.</summary>
    Detached,

    /// <summary>Its worker ended.</summary>
    WorkerLost,

    /// <summary>Another worker goes on.</summary>
    WorkerReplaced,

    /// <summary>Nothing helps: its readers get errors.</summary>
    GivenUp,

    /// <summary>A caller was told no.</summary>
    Refused,
}

/// <summary>Reply of <c>io.imaged.Manager.Monitor</c>.</summary>
public sealed record MonitorReply
{
    /// <summary>What happened; null in the first reply, from which on nothing is missed.</summary>
    public Event? Event { get; set; }
}
