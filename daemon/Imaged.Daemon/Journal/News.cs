using Imaged.Daemon.Attachments;
using Imaged.Daemon.Events;
using Imaged.Daemon.Metrics;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux.Sockets;
using Microsoft.Extensions.Logging;

namespace Imaged.Daemon.Journal;

/// <summary>Tells what happens to attachments: the log, the counters, and who listens.</summary>
internal sealed class News
{
    private readonly ILogger _logger;
    private readonly EventHub _events;
    private readonly DaemonMetrics _metrics;

    /// <summary>News for a log, for those who listen and for counters.</summary>
    public News(ILogger logger, EventHub events, DaemonMetrics metrics)
    {
        _metrics = metrics;
        _logger = logger;
        _events = events;
    }

    /// <summary>An image was attached or mounted.</summary>
    public void Attached(Attached attached)
    {
        AttachmentRecord record = attached.Record;
        DaemonLog.Attached(
            _logger,
            record.Owner,
            Text.Escape(record.Image),
            record.Id,
            record.Plan.Kind.ToString(),
            Text.Escape(record.MountPoint ?? attached.DevicePath ?? string.Empty),
            record.Plan.Reason);
        _metrics.Attached(record.Plan.Kind);
        _metrics.Usage.Begin(attached);
        string where = record.MountPoint ?? attached.DevicePath ?? string.Empty;
        Publish(EventKind.Attached, attached, $"{where} ({record.Plan.Reason})");
    }

    /// <summary>It is over, and everything that is held for it is still open.</summary>
    public void Ending(Attached attached) => _metrics.Usage.End(attached);

    /// <summary>It is over.</summary>
    public void Detached(Attached attached, string why)
    {
        AttachmentRecord record = attached.Record;
        DaemonLog.Detached(_logger, record.Id, Text.Escape(record.Image), record.Owner, why);
        Publish(EventKind.Detached, attached, why);
    }

    /// <summary>A partition is missing from a device.</summary>
    public void PartitionFailed(Attached attached, int number, string why)
    {
        AttachmentRecord record = attached.Record;
        DaemonLog.PartitionFailed(_logger, record.Id, Text.Escape(record.Image), record.Owner, number, why);
    }

    /// <summary>Its worker ended.</summary>
    public void WorkerLost(Attached attached, int worker)
    {
        AttachmentRecord record = attached.Record;
        DaemonLog.WorkerLost(_logger, record.Id, Text.Escape(record.Image), record.Owner, worker);
        Publish(EventKind.WorkerLost, attached, FormattableString.Invariant($"worker {worker} ended"));
    }

    /// <summary>Another worker goes on.</summary>
    public void WorkerReplaced(Attached attached, int worker)
    {
        AttachmentRecord record = attached.Record;
        DaemonLog.WorkerReplaced(_logger, record.Id, Text.Escape(record.Image), record.Owner, worker);
        _metrics.Restarted();
        Publish(EventKind.WorkerReplaced, attached, FormattableString.Invariant($"worker {worker} took over"));
    }

    /// <summary>Nothing helps: its readers get errors.</summary>
    public void GivenUp(Attached attached, string why)
    {
        AttachmentRecord record = attached.Record;
        DaemonLog.GivenUp(_logger, record.Id, Text.Escape(record.Image), record.Owner, Text.Escape(why));
        _metrics.GaveUp();
        Publish(EventKind.GivenUp, attached, why);
    }

    /// <summary>A daemon before this one attached it.</summary>
    public void TakenOver(Attached attached)
    {
        AttachmentRecord record = attached.Record;
        DaemonLog.TakenOver(_logger, record.Id, Text.Escape(record.Image), record.Owner);
        _metrics.Usage.Begin(attached);
    }

    /// <summary>A caller was told no.</summary>
    public void Refused(PeerCredentials caller, string method, ImagedException error)
    {
        DaemonLog.Refused(_logger, caller.Uid, method, Text.Escape(error.Message));
        _metrics.Refused(error.Kind);
        Publish(EventKind.Refused, caller.Uid, null, $"{method}: {error.Message}");
    }

    /// <summary>A record could not be read.</summary>
    public void RecordDropped(string file, string why) =>
        DaemonLog.RecordDropped(_logger, Path.GetFileName(file), why);

    /// <summary>This process failed.</summary>
    public void Fault(string where, Exception error) => DaemonLog.Fault(_logger, where, error.Message, error);

    private void Publish(EventKind kind, Attached attached, string message) =>
        Publish(kind, attached.Record.Owner, attached.Describe(), message);

    private void Publish(EventKind kind, uint owner, Attachment? attachment, string message) => _events.Publish(new()
    {
        Kind = kind,
        Time = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        Owner = owner,
        Attachment = attachment,
        Message = message,
    });
}
