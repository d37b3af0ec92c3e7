using Microsoft.Extensions.Logging;

namespace Imaged.Daemon;

/// <summary>What the daemon logs. Texts from users and images stand in single quotes, with control characters
/// escaped. In the journal each parameter is a field (<c>{Image}</c> is <c>IMAGED_IMAGE=</c>), and each number
/// is a message of the catalogue.</summary>
internal static partial class DaemonLog
{
    [LoggerMessage(1, LogLevel.Information, "listening on '{Socket}'")]
    public static partial void Listening(ILogger logger, string socket);

    [LoggerMessage(2, LogLevel.Warning, "configuration '{File}': {Problem}")]
    public static partial void ConfigProblem(ILogger logger, string file, string problem);

    [LoggerMessage(3, LogLevel.Warning, "there is no group '{Group}': only root may use imaged")]
    public static partial void NoGroup(ILogger logger, string group);

    [LoggerMessage(4, LogLevel.Information, "configuration '{File}' was read again")]
    public static partial void Reloaded(ILogger logger, string file);

    [LoggerMessage(5, LogLevel.Error,
        "configuration '{File}' was not taken: {Count} of its lines are wrong; the settings stay as they were")]
    public static partial void NotReloaded(ILogger logger, string file, int count);

    [LoggerMessage(6, LogLevel.Information,
        "stopping; {Count} stay attached, and workers go on serving them (imagectl umount --all would end that)")]
    public static partial void Stopped(ILogger logger, int count);

    [LoggerMessage(10, LogLevel.Information, "uid {Uid} attached '{Image}' as {Attachment}: {Kind} {Where} ({Reason})")]
    public static partial void Attached(
        ILogger logger, uint uid, string image, string attachment, string kind, string where, string reason);

    [LoggerMessage(11, LogLevel.Information, "{Attachment} ('{Image}' of uid {Uid}) is gone: {Why}")]
    public static partial void Detached(ILogger logger, string attachment, string image, uint uid, string why);

    [LoggerMessage(12, LogLevel.Information, "uid {Uid}: {Method} refused: {Refusal}")]
    public static partial void Refused(ILogger logger, uint uid, string method, string refusal);

    [LoggerMessage(13, LogLevel.Warning,
        "{Attachment} ('{Image}' of uid {Uid}): no device for partition {Partition}: {Why}")]
    public static partial void PartitionFailed(
        ILogger logger, string attachment, string image, uint uid, int partition, string why);

    [LoggerMessage(20, LogLevel.Warning,
        "{Attachment} ('{Image}' of uid {Uid}): worker {Worker} ended; starting another one")]
    public static partial void WorkerLost(ILogger logger, string attachment, string image, uint uid, int worker);

    [LoggerMessage(21, LogLevel.Information, "{Attachment} ('{Image}' of uid {Uid}): worker {Worker} took over")]
    public static partial void WorkerReplaced(ILogger logger, string attachment, string image, uint uid, int worker);

    [LoggerMessage(22, LogLevel.Error, "{Attachment} ('{Image}' of uid {Uid}) is given up: {Why}")]
    public static partial void GivenUp(ILogger logger, string attachment, string image, uint uid, string why);

    [LoggerMessage(23, LogLevel.Information,
        "{Attachment} ('{Image}' of uid {Uid}) was taken over from the daemon before")]
    public static partial void TakenOver(ILogger logger, string attachment, string image, uint uid);

    [LoggerMessage(24, LogLevel.Warning, "the record '{File}' was dropped: {Why}")]
    public static partial void RecordDropped(ILogger logger, string file, string why);

    [LoggerMessage(30, LogLevel.Error, "{Where}: {Message}")]
    public static partial void Fault(ILogger logger, string where, string message, Exception error);
}
