namespace Imaged.Ipc.Varlink;

/// <summary>What a peer may make this process hold.</summary>
public sealed record VarlinkLimits
{
    /// <summary>For a server that anybody may connect to.</summary>
    public static VarlinkLimits Server { get; } = new();

    /// <summary>For the reading side of a connection that this process made, or for a server with one peer that it
    /// depends on.</summary>
    public static VarlinkLimits Peer { get; } = new()
    {
        MessageBytes = 16 << 20,
        DescriptorsPerMessage = 64,
        IdleTimeout = Timeout.InfiniteTimeSpan,
        MessageTimeout = TimeSpan.FromMinutes(1),
    };

    /// <summary>Bytes of one message.</summary>
    public int MessageBytes { get; init; } = 1 << 20;

    /// <summary>Descriptors with one message.</summary>
    public int DescriptorsPerMessage { get; init; } = 16;

    /// <summary>Connections in all; 16 of them are kept for root.</summary>
    public int Connections { get; init; } = 256;

    /// <summary>Connections of one user; root has no such limit.</summary>
    public int ConnectionsPerUser { get; init; } = 32;

    /// <summary>Calls of one user that are being carried out; root has no such limit.</summary>
    public int CallsPerUser { get; init; } = 16;

    /// <summary>How long a connection may stay without a call.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>From the first byte of a message to its last.</summary>
    public TimeSpan MessageTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a peer may take to receive one message.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
