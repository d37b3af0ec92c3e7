namespace Imaged.Ipc.Contract;

/// <summary>Reply of <c>io.imaged.Manager.Metrics</c>.</summary>
public sealed record MetricsReply
{
    /// <summary>In the text format of Prometheus.</summary>
    public string Text { get; set; } = string.Empty;
}
