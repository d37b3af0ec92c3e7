using System.Reflection;
using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;

namespace Imaged.Cli.Doctor;

/// <summary>Whether the daemon is there, is ours, and what it says of itself.</summary>
internal static class DaemonChecks
{
    private const string Unit = "imaged.socket";

    // Where systemd looks for units, and for links to those that are enabled.
    private static readonly string[] UnitFolders =
        ["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
            "/lib/systemd/system"];

    /// <summary>Looks at it.</summary>
    public static IEnumerable<Finding> Run(ParsedArguments arguments)
    {
        if (Daemon.IsUsual(arguments) && Directory.Exists("/run/systemd/system"))
        {
            yield return CheckUnit();
        }

        foreach (Finding finding in Ask(arguments))
        {
            yield return finding;
        }
    }

    private static Finding CheckUnit()
    {
        if (!UnitFolders.Any(folder => File.Exists(Path.Combine(folder, Unit))))
        {
            return Problem("units", $"systemd has no unit {Unit}", "install the package, or 'make install'");
        }

        return UnitFolders.Any(folder => File.Exists(Path.Combine(folder, "sockets.target.wants", Unit)))
            ? new() { Check = "units", Message = $"{Unit} is enabled: the daemon is started when it is called" }
            : Problem(
                "units",
                $"{Unit} is not enabled: after the next boot nobody listens",
                $"enable it with: systemctl enable --now {Unit}");
    }

    private static List<Finding> Ask(ParsedArguments arguments)
    {
        List<Finding> findings = [];
        try
        {
            using VarlinkConnection daemon = Daemon.Connect(arguments);
            findings.Add(CheckVersion(daemon.Call(VarlinkService.GetInfo, new()).Value));
            findings.AddRange(daemon.Call(ManagerInterface.Diagnose, new()).Value.Findings);
        }
        catch (CliException error)
        {
            // The sentence ends with what to do.
            string[] parts = error.Message.Split("; ");
            findings.Add(Problem("daemon", string.Join("; ", parts[..^1]), parts[^1]));
        }
        catch (Exception error) when (error is ImagedException or VarlinkException)
        {
            findings.Add(Problem("daemon", ErrorReport.Describe(error).Sentence ?? error.Message, null));
        }

        return findings;
    }

    private static Finding CheckVersion(ServiceInfo info)
    {
        string own = typeof(DaemonChecks).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion ?? string.Empty;
        return info.Version == own
            ? new() { Check = "daemon", Message = $"imaged {info.Version} answers" }
            : new()
            {
                Check = "daemon",
                State = FindingState.Problem,
                Message = $"the imaged that runs is {info.Version}, imagectl is {own}",
                Remedy = "restart it with: systemctl restart imaged (what is mounted stays mounted)",
            };
    }

    private static Finding Problem(string check, string message, string? remedy) => new()
    {
        Check = check, State = FindingState.Problem, Message = message, Remedy = remedy,
    };
}
