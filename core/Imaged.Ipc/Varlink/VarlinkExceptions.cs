using Imaged.Ipc.Contract;

namespace Imaged.Ipc.Varlink;

/// <summary>An error that no interface of ours declares, most often one of <c>org.varlink.service</c>.</summary>
public sealed class VarlinkException : Exception
{
    /// <summary>Names the error.</summary>
    public VarlinkException(string error, ErrorParameters? parameters = null)
        : base(Describe(error, parameters))
    {
        Error = error;
        Parameters = parameters ?? new();
    }

    /// <summary>Full name, e.g. <c>org.varlink.service.MethodNotFound</c>.</summary>
    public string Error { get; }

    /// <summary>What came with it.</summary>
    public ErrorParameters Parameters { get; }

    /// <summary>A parameter has a wrong type or value.</summary>
    public static VarlinkException InvalidParameter(string parameter) =>
        new("org.varlink.service.InvalidParameter", new() { Parameter = parameter });

    /// <summary>The caller may not do this.</summary>
    public static VarlinkException PermissionDenied() => new("org.varlink.service.PermissionDenied");

    /// <summary>The method answers more than once and must be called with <c>more</c>.</summary>
    public static VarlinkException ExpectedMore() => new("org.varlink.service.ExpectedMore");

    private static string Describe(string error, ErrorParameters? parameters)
    {
        string? detail = parameters?.Message ?? parameters?.Parameter ?? parameters?.Method ?? parameters?.Interface;
        return detail is null ? error : $"{error}: {detail}";
    }
}

/// <summary>What the peer sent is no varlink message, or more than may be sent.</summary>
public sealed class VarlinkProtocolException(string message, Exception? cause = null) : IOException(message, cause);

/// <summary>The peer is gone.</summary>
public sealed class VarlinkDisconnectedException(string message, Exception? cause = null) : IOException(message, cause);
