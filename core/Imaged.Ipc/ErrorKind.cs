namespace Imaged.Ipc;

/// <summary>The errors of <c>io.imaged.Error</c>.</summary>
public enum ErrorKind
{
    /// <summary>Anything else.</summary>
    Failed,

    /// <summary>A parameter makes no sense.</summary>
    InvalidArgument,

    /// <summary>Not attached, not mounted.</summary>
    NothingToDo,

    /// <summary>No such image, path, device or attachment.</summary>
    NotFound,

    /// <summary>The caller's rights or the host's policy forbid it.</summary>
    PermissionDenied,

    /// <summary>The image is wrong.</summary>
    BadImage,

    /// <summary>The image is fine, imaged cannot do it.</summary>
    Unsupported,

    /// <summary>In use by somebody else.</summary>
    Busy,

    /// <summary>More than this caller may have at once.</summary>
    LimitExceeded,

    /// <summary>The host failed.</summary>
    HostError,

    /// <summary>More than one answer is possible.</summary>
    Ambiguous,
}
