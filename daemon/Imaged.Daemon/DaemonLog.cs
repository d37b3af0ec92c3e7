using Microsoft.Extensions.Logging;

namespace Imaged.Daemon;

/// <summary>What the daemon logs. Texts from users and images stand in single quotes, with control characters
/// escaped.</summary>
internal static partial class DaemonLog
{
    [LoggerMessage(1, LogLevel.Information, "listening on '{Socket}'")]
    public static partial void Listening(ILogger logger, string socket);

    [LoggerMessage(2, LogLevel.Warning, "configuration '{File}': {Problem}")]
    public static partial void ConfigProblem(ILogger logger, string file, string problem);

    [LoggerMessage(3, LogLevel.Warning, "there is no group '{Group}': only root may use imaged")]
    public static partial void NoGroup(ILogger logger, string group);

    [LoggerMessage(10, LogLevel.Information, "uid {Uid} attached '{Image}' as {Id}: {Kind} {Where} ({Reason})")]
    public static partial void Attached(
        ILogger logger, uint uid, string image, string id, string kind, string where, string reason);

    [LoggerMessage(11, LogLevel.Information, "{Id} ('{Image}') is gone: {Why}")]
    public static partial void Detached(ILogger logger, string id, string image, string why);

    [LoggerMessage(12, LogLevel.Information, "uid {Uid}: {Method} refused: {Message}")]
    public static partial void Refused(ILogger logger, uint uid, string method, string message);

    [LoggerMessage(13, LogLevel.Warning, "{Id}: partition {Number} was not registered: {Message}")]
    public static partial void PartitionFailed(ILogger logger, string id, int number, string message);

    [LoggerMessage(20, LogLevel.Warning, "{Id}: worker {Pid} ended; starting another one")]
    public static partial void WorkerLost(ILogger logger, string id, int pid);

    [LoggerMessage(21, LogLevel.Information, "{Id}: worker {Pid} took over")]
    public static partial void WorkerReplaced(ILogger logger, string id, int pid);

    [LoggerMessage(22, LogLevel.Error, "{Id} ('{Image}') is given up: {Why}")]
    public static partial void GivenUp(ILogger logger, string id, string image, string why);

    [LoggerMessage(23, LogLevel.Information, "{Id} ('{Image}') was taken over from the daemon before")]
    public static partial void TakenOver(ILogger logger, string id, string image);

    [LoggerMessage(24, LogLevel.Warning, "the record '{File}' was dropped: {Why}")]
    public static partial void RecordDropped(ILogger logger, string file, string why);

    [LoggerMessage(30, LogLevel.Error, "{Where}: {Message}")]
    public static partial void Fault(ILogger logger, string where, string message, Exception error);
}
