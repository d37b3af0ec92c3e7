namespace Imaged.Daemon.Config;

/// <summary>Where the daemon finds and keeps things, from its command line or the environment.</summary>
/// <param name="Socket">Path of the control socket.</param>
/// <param name="StateFolder">Folder for the records of attachments and the sockets of workers.</param>
/// <param name="MediaFolder">Folder for mount points that the user does not name.</param>
/// <param name="CacheFolder">Folder for what workers keep, a folder for each user.</param>
/// <param name="Worker">The worker program.</param>
/// <param name="WorkerUnit">The template of the units that workers run in, such as <c>imaged-worker@.service</c>; null
/// when they are children of the daemon.</param>
/// <param name="ConfigFile">The configuration; need not exist.</param>
/// <param name="CheckConfig">Whether the program is only to look at it.</param>
internal sealed record DaemonOptions(
    string Socket,
    string StateFolder,
    string MediaFolder,
    string CacheFolder,
    string Worker,
    string? WorkerUnit,
    string ConfigFile,
    bool CheckConfig)
{
    /// <summary>How the program is called.</summary>
    public const string Usage = """
        Usage: imaged [OPTION...]

        The daemon of imaged: attaches and mounts disk images for imagectl(1).

          --socket PATH     control socket              (IMAGED_SOCKET, /run/imaged/io.imaged)
          --state-dir DIR   records of attachments      (IMAGED_STATE_DIR, /run/imaged)
          --media-dir DIR   mount points by label       (IMAGED_MEDIA_DIR, /run/media/imaged)
          --cache-dir DIR   indexes and spools by user  (IMAGED_CACHE_DIR, /var/cache/imaged)
          --worker PATH     the worker program          (IMAGED_WORKER, imaged-worker beside imaged)
          --worker-unit U   systemd's template of them  (IMAGED_WORKER_UNIT, none: children of imaged)
          --config FILE     configuration               (IMAGED_CONFIG, /etc/imaged/imaged.conf)
          --check-config    say what is wrong with the configuration, and nothing else
          --help            show this
          --version         show the version
        """;

    private const string CheckConfigOption = "--check-config";
    private const string WorkerUnitOption = "--worker-unit";

    /// <summary>Reads the command line.</summary>
    /// <param name="arguments">Without the program's name.</param>
    /// <param name="error">What is wrong with it, or null.</param>
    public static DaemonOptions? Parse(IReadOnlyList<string> arguments, out string? error)
    {
        Dictionary<string, string> values = new()
        {
            ["--socket"] = Variable("IMAGED_SOCKET", "/run/imaged/io.imaged"),
            ["--state-dir"] = Variable("IMAGED_STATE_DIR", "/run/imaged"),
            ["--media-dir"] = Variable("IMAGED_MEDIA_DIR", "/run/media/imaged"),
            ["--cache-dir"] = Variable("IMAGED_CACHE_DIR", "/var/cache/imaged"),
            ["--worker"] = Variable("IMAGED_WORKER", Path.Combine(AppContext.BaseDirectory, "imaged-worker")),
            [WorkerUnitOption] = Variable("IMAGED_WORKER_UNIT", string.Empty),
            ["--config"] = Variable("IMAGED_CONFIG", "/etc/imaged/imaged.conf"),
        };
        bool checkConfig = false;
        for (int i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == CheckConfigOption)
            {
                checkConfig = true;
                continue;
            }

            string[] parts = arguments[i].Split('=', 2);
            if (!values.ContainsKey(parts[0]))
            {
                error = $"unknown option '{arguments[i]}'";
                return null;
            }

            if (parts.Length == 1 && ++i == arguments.Count)
            {
                error = $"option '{parts[0]}' needs a value";
                return null;
            }

            string value = parts.Length == 2 ? parts[1] : arguments[i];
            values[parts[0]] = parts[0] == WorkerUnitOption ? value : Path.GetFullPath(value);
        }

        string unit = values[WorkerUnitOption];
        if (unit.Length > 0 && (!unit.EndsWith("@.service", StringComparison.Ordinal) || unit.Contains('/')))
        {
            error = $"'{unit}' is no template of a unit, such as imaged-worker@.service";
            return null;
        }

        error = null;
        return new(
            values["--socket"],
            values["--state-dir"],
            values["--media-dir"],
            values["--cache-dir"],
            values["--worker"],
            unit.Length == 0 ? null : unit,
            values["--config"],
            checkConfig);
    }

    private static string Variable(string name, string otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : otherwise;
}
