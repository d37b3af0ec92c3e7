namespace Imaged.Ipc.Contract;

/// <summary>Reply of <c>org.varlink.service.GetInfo</c>.</summary>
public sealed record ServiceInfo
{
    /// <summary>Who made the service.</summary>
    public string Vendor { get; set; } = string.Empty;

    /// <summary>The program.</summary>
    public string Product { get; set; } = string.Empty;

    /// <summary>Its version.</summary>
    public string Version { get; set; } = string.Empty;

    /// <summary>Where to learn more.</summary>
    public string Url { get; set; } = string.Empty;

    /// <summary>Names of its interfaces.</summary>
    public IReadOnlyList<string> Interfaces { get; set; } = [];
}

/// <summary>Parameters of <c>org.varlink.service.GetInterfaceDescription</c>.</summary>
public sealed record DescriptionParameters
{
    /// <summary>Name of the interface.</summary>
    public string Interface { get; set; } = string.Empty;
}

/// <summary>Reply of <c>org.varlink.service.GetInterfaceDescription</c>.</summary>
public sealed record DescriptionReply
{
    /// <summary>The interface in varlink's own language.</summary>
    public string Description { get; set; } = string.Empty;
}

/// <summary>Parameters of all errors: those of <c>io.imaged.Error</c> and of <c>org.varlink.service</c>.</summary>
public sealed record ErrorParameters
{
    /// <summary>One sentence for people, without a full stop.</summary>
    public string? Message { get; set; }

    /// <summary>Of InvalidArgument: the parameter.</summary>
    public string? Field { get; set; }

    /// <summary>Of BadImage and Unsupported: id of the format, partition table or file system.</summary>
    public string? Format { get; set; }

    /// <summary>Of BadImage: byte offset in that layer.</summary>
    public long? Offset { get; set; }

    /// <summary>Of Unsupported: what it would take.</summary>
    public string? Feature { get; set; }

    /// <summary>Of HostError: as in <c>errno(3)</c>.</summary>
    public int? Errno { get; set; }

    /// <summary>Of Ambiguous: what would decide.</summary>
    public IReadOnlyList<string>? Choices { get; set; }

    /// <summary>Of org.varlink.service.InvalidParameter.</summary>
    public string? Parameter { get; set; }

    /// <summary>Of org.varlink.service.MethodNotFound and MethodNotImplemented.</summary>
    public string? Method { get; set; }

    /// <summary>Of org.varlink.service.InterfaceNotFound.</summary>
    public string? Interface { get; set; }
}
