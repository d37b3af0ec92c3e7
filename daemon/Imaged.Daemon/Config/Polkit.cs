using System.Globalization;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Config;

/// <summary>Asks polkit, by its program pkcheck(1): a process of its own speaks D-Bus, not the daemon.</summary>
internal sealed class Polkit
{
    /// <summary>Where the program is.</summary>
    public const string DefaultProgram = "/usr/bin/pkcheck";

    // Somebody may be typing a password; without an agent to ask for it the answer comes at once.
    private const int Patience = 120_000;

    private readonly string _program;

    /// <summary>Asks by a program.</summary>
    public Polkit(string program)
    {
        _program = program;
    }

    /// <summary>Whether there is anybody to ask.</summary>
    public bool IsPresent => File.Exists(_program);

    /// <summary>Whether a caller is authorized; at a desktop somebody may be asked for a password
    /// meanwhile.</summary>
    /// <returns>False also when it cannot be found out.</returns>
    public bool IsAuthorized(PeerCredentials caller, string action)
    {
        // In another process namespace, or ended already: there is nobody whose session could be looked at. With its
        // start the process is told from a later one of the same number.
        if (caller.Pid <= 0 || caller.Started == 0 || !IsPresent)
        {
            return false;
        }

        string process =
            string.Create(CultureInfo.InvariantCulture, $"{caller.Pid},{caller.Started},{caller.Uid}");
        try
        {
            using SafeFileHandle nothing = HostPath.OpenReadWrite("/dev/null");
            using ChildProcess check = ChildProcess.Start(
                _program,
                ["--action-id", action, "--process", process, "--allow-user-interaction"],
                [(2, nothing)],
                ["PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"]);
            if (!check.WaitForExit(Patience))
            {
                check.Kill();
                check.WaitForExit(-1);
                return false;
            }

            return check.ExitCode == 0;
        }
        catch (LinuxException)
        {
            return false;
        }
    }
}
