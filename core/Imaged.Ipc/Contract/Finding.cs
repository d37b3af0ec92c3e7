using System.Text.Json.Serialization;

namespace Imaged.Ipc.Contract;

/// <summary>What <c>doctor</c> found out about one thing.</summary>
public sealed record Finding
{
    /// <summary>What was looked at: one word that stays the same.</summary>
    public string Check { get; set; } = string.Empty;

    /// <summary>How it is.</summary>
    public FindingState State { get; set; }

    /// <summary>What was found, for people.</summary>
    public string Message { get; set; } = string.Empty;

    /// <summary>What to do about it; null when nothing has to be done.</summary>
    public string? Remedy { get; set; }
}

/// <summary>How something is.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<FindingState>))]
public enum FindingState
{
    /// <summary>As it should be.</summary>
    Fine,

    /// <summary>It works, but not as well as it could.</summary>
    Warning,

    /// <summary>Something does not work.</summary>
    Problem,
}

/// <summary>Reply of <c>io.imaged.Manager.Diagnose</c>, and what <c>imagectl doctor --json</c> prints.</summary>
public sealed record FindingsReply
{
    /// <summary>What was found.</summary>
    public IReadOnlyList<Finding> Findings { get; set; } = [];
}
