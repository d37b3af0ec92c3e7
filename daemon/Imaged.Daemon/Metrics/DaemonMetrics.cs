using Imaged.Daemon.Attachments;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux.Fuse;

namespace Imaged.Daemon.Metrics;

/// <summary>Counts what happens, for Prometheus. Thread-safe.</summary>
internal sealed class DaemonMetrics
{
    private readonly double _started = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
    private readonly long[] _attached = new long[Enum.GetValues<PlanKind>().Length];
    private readonly long[] _refused = new long[Enum.GetValues<ErrorKind>().Length];
    private long _restarts;
    private long _givenUp;

    /// <summary>How much is read.</summary>
    public UsageCounter Usage { get; } = new();

    /// <summary>An image was attached.</summary>
    public void Attached(PlanKind kind) => Interlocked.Increment(ref _attached[(int)kind]);

    /// <summary>A worker was replaced.</summary>
    public void Restarted() => Interlocked.Increment(ref _restarts);

    /// <summary>An attachment was given up.</summary>
    public void GaveUp() => Interlocked.Increment(ref _givenUp);

    /// <summary>A call ended in an error.</summary>
    public void Refused(ErrorKind kind) => Interlocked.Increment(ref _refused[(int)kind]);

    /// <summary>All of it as text.</summary>
    /// <param name="attachments">Those that there are.</param>
    /// <param name="connections">Connections to this process, by name of the kind.</param>
    /// <param name="monitors">How many of them listen to events.</param>
    /// <param name="version">Of this program.</param>
    public string Render(IReadOnlyList<Attached> attachments, int connections, int monitors, string version)
    {
        MetricsText text = new();
        text.Gauge("imaged_build_info", "The daemon that runs; always 1.").Sample(1, ("version", version));
        text.Gauge("imaged_start_time_seconds", "When the daemon was started, in seconds since 1970.")
            .Sample(_started);
        AddAttachments(text, attachments);
        text.Counter("imaged_worker_restarts_total", "Workers that ended and were replaced.")
            .Sample(Volatile.Read(ref _restarts));
        text.Counter("imaged_given_up_total", "Attachments that could not be kept alive.")
            .Sample(Volatile.Read(ref _givenUp));
        text.Counter("imaged_refusals_total", "Calls that ended in an error, by the error's name.");
        foreach (ErrorKind kind in Enum.GetValues<ErrorKind>())
        {
            text.Sample(Volatile.Read(ref _refused[(int)kind]), ("error", kind.ToString()));
        }

        text.Gauge("imaged_connections", "Connections to the daemon's socket.").Sample(connections);
        text.Gauge("imaged_monitors", "Connections that listen to events.").Sample(monitors);
        AddUsage(text, Usage.Sum(attachments));
        return text.ToString();
    }

    private static string NameOf(PlanKind kind) => kind switch
    {
        PlanKind.DirectLoop => "direct_loop",
        PlanKind.FuseLoop => "fuse_loop",
        PlanKind.FuseTree => "fuse_tree",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private void AddAttachments(MetricsText text, IReadOnlyList<Attached> attachments)
    {
        text.Gauge("imaged_attachments", "Images that are attached or mounted now, by mechanism and state.");
        foreach (PlanKind kind in Enum.GetValues<PlanKind>())
        {
            foreach (AttachmentState state in Enum.GetValues<AttachmentState>())
            {
                text.Sample(
                    attachments.Count(a => a.Record.Plan.Kind == kind && a.State == state),
                    ("kind", NameOf(kind)),
                    ("state", state.ToString().ToLowerInvariant()));
            }
        }

        text.Counter("imaged_attached_total", "Images that were attached or mounted, by mechanism.");
        foreach (PlanKind kind in Enum.GetValues<PlanKind>())
        {
            text.Sample(Volatile.Read(ref _attached[(int)kind]), ("kind", NameOf(kind)));
        }
    }

    private static void AddUsage(MetricsText text, ServingCounters usage)
    {
        text.Counter("imaged_reads_total", "Reads of images: of files by FUSE, of blocks by loop devices.")
            .Sample(usage.Reads);
        text.Counter("imaged_read_bytes_total", "Bytes that these reads delivered.").Sample(usage.BytesRead);
        text.Counter("imaged_read_errors_total", "Requests that workers answered with an error of their reader.")
            .Sample(usage.Errors);
        text.Counter("imaged_cache_hits_total", "Decoded blocks that workers had at hand.").Sample(usage.CacheHits);
        text.Counter("imaged_cache_misses_total", "Blocks that workers had to decode.").Sample(usage.CacheMisses);
    }
}
