namespace Imaged.Daemon.Config;

/// <summary>Where the daemon finds and keeps things, from its command line or the environment.</summary>
/// <param name="Socket">Path of the control socket.</param>
/// <param name="StateFolder">Folder for the records of attachments and the sockets of workers.</param>
/// <param name="MediaFolder">Folder for mount points that the user does not name.</param>
/// <param name="CacheFolder">Folder for what workers keep, a folder for each user.</param>
/// <param name="Worker">The worker program.</param>
/// <param name="ConfigFile">The configuration; need not exist.</param>
internal sealed record DaemonOptions(
    string Socket, string StateFolder, string MediaFolder, string CacheFolder, string Worker, string ConfigFile)
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
          --config FILE     configuration               (IMAGED_CONFIG, /etc/imaged/imaged.conf)
          --help            show this
          --version         show the version
        """;

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
            ["--config"] = Variable("IMAGED_CONFIG", "/etc/imaged/imaged.conf"),
        };
        for (int i = 0; i < arguments.Count; i++)
        {
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

            values[parts[0]] = Path.GetFullPath(parts.Length == 2 ? parts[1] : arguments[i]);
        }

        error = null;
        return new(
            values["--socket"],
            values["--state-dir"],
            values["--media-dir"],
            values["--cache-dir"],
            values["--worker"],
            values["--config"]);
    }

    private static string Variable(string name, string otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : otherwise;
}
