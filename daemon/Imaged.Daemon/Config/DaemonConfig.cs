using System.Globalization;
using Imaged.Linux;

namespace Imaged.Daemon.Config;

/// <summary>The administrator's settings: <c>key = value</c> lines, <c>#</c> begins a comment. A line that is wrong is
/// told and skipped: the daemon runs with the rest.</summary>
internal sealed record DaemonConfig
{
    /// <summary>Members may call; root always may.</summary>
    public string Group { get; private init; } = "imaged";

    /// <summary>Attachments at once of one user who is not root.</summary>
    public int MaxAttachmentsPerUser { get; private init; } = 32;

    /// <summary>Attachments at once in all.</summary>
    public int MaxAttachments { get; private init; } = 1024;

    /// <summary>Threads that serve each FUSE connection; 0 for one more than there are processors, at most
    /// four.</summary>
    public int WorkerThreads { get; private init; }

    /// <summary>Managed memory of a worker in MiB.</summary>
    public int WorkerMemory { get; private init; } = 256;

    /// <summary>Whether callers who are not root may have their images mounted by the kernel's own drivers, which are
    /// not made for hostile images.</summary>
    public bool KernelMountsForUsers { get; private init; }

    /// <summary>What is mounted by itself.</summary>
    public AutomountConfig Automount { get; private init; } = new();

    /// <summary>What is wrong with the file: line numbers with a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>Reads a file; the defaults when there is none.</summary>
    public static DaemonConfig Load(string path)
    {
        if (!File.Exists(path))
        {
            return new();
        }

        try
        {
            return Parse(File.ReadLines(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new() { Problems = [error.Message] };
        }
    }

    /// <summary>Reads lines.</summary>
    public static DaemonConfig Parse(IEnumerable<string> lines)
    {
        DaemonConfig config = new();
        List<string> problems = [];
        foreach ((int number, string text, string key, string value) in SettingsFile.Read(lines))
        {
            DaemonConfig? next = config.With(key, value);
            if (next is null)
            {
                problems.Add(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"line {number}: '{text}' is not a known setting with a valid value"));
                config = config with { Automount = config.Automount.WithWrong(key) };
            }
            else
            {
                config = next;
            }
        }

        return config with { Problems = problems };
    }

    private DaemonConfig? With(string key, string value) => key switch
    {
        "group" when value.Length > 0 => this with { Group = value },
        "max-attachments-per-user" =>
            Number(value, 0, 10_000) is { } n ? this with { MaxAttachmentsPerUser = n } : null,
        "max-attachments" => Number(value, 1, 100_000) is { } n ? this with { MaxAttachments = n } : null,
        "worker-threads" => Number(value, 0, 64) is { } n ? this with { WorkerThreads = n } : null,
        "worker-memory" => Number(value, 64, 65_536) is { } n ? this with { WorkerMemory = n } : null,
        "kernel-mounts-for-users" => value switch
        {
            "yes" => this with { KernelMountsForUsers = true },
            "no" => this with { KernelMountsForUsers = false },
            _ => null,
        },
        _ => Automount.With(key, value) is { } automount ? this with { Automount = automount } : null,
    };

    private static int? Number(string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n >= least && n <= most
            ? n
            : null;
}
