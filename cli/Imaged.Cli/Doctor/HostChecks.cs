using Imaged.Cli.Hosting;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Doctor;

/// <summary>What the host is able to do, as far as that shows without a daemon.</summary>
internal static class HostChecks
{
    private static readonly Version OldestKernel = new(5, 8); // LOOP_CONFIGURE

    /// <summary>Looks at it.</summary>
    public static IReadOnlyList<Finding> Run() =>
        [CheckKernel(), CheckFuse(), CheckLoop(), CheckLandlock(), CheckWorker()];

    private static Finding CheckKernel()
    {
        string release = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        string[] numbers = release.Split('.', '-', '+');
        bool isOld = numbers.Length > 1
            && Version.TryParse($"{numbers[0]}.{numbers[1]}", out Version? version)
            && version < OldestKernel;
        return isOld
            ? Problem("kernel", $"Linux {release} is older than {OldestKernel}", "install a newer kernel")
            : Fine("kernel", $"Linux {release}");
    }

    private static Finding CheckFuse()
    {
        const string Device = "/dev/fuse";
        try
        {
            using SafeFileHandle device = HostPath.OpenReadWrite(Device);
            return Fine("fuse", $"'{Device}' can be opened");
        }
        catch (LinuxException error) when (error.Errno is Errno.EACCES or Errno.EPERM)
        {
            // The daemon opens it as root.
            return Fine("fuse", $"'{Device}' is there");
        }
        catch (LinuxException error)
        {
            return Problem(
                "fuse", $"'{Device}': {LinuxException.Text(error.Errno)}", "load its module with: modprobe fuse");
        }
    }

    private static Finding CheckLoop() => File.Exists("/dev/loop-control")
        ? Fine("loop", "there are loop devices")
        : Problem(
            "loop",
            "there is no '/dev/loop-control': no image becomes a device, and the kernel's drivers mount none",
            "load its module with: modprobe loop");

    private static Finding CheckLandlock() => Confinement.LandlockVersion >= 1
        ? Fine("landlock", "workers are confined by Landlock and a system-call filter")
        : new()
        {
            Check = "landlock",
            State = FindingState.Warning,
            Message = "the kernel has no Landlock, or has it not enabled: "
                + "workers are confined by the system-call filter alone",
            Remedy = "boot Linux 5.13 or newer, with landlock among the modules of its parameter lsm=",
        };

    private static Finding CheckWorker()
    {
        const string Check = "worker";
        try
        {
            using WorkerProcess worker = WorkerProcess.Start();
            int count = worker.Connection.Call(WorkerInterface.Formats, new()).Value.Formats.Count;
            return Fine(Check, $"the program that reads images starts and knows {count} formats");
        }
        catch (CliException error)
        {
            return Problem(Check, error.Message, "install the package again");
        }
        catch (Exception error) when (error is VarlinkDisconnectedException or VarlinkProtocolException)
        {
            return Problem(
                Check, $"the program that reads images ends at once ({error.Message})", "install the package again");
        }
    }

    private static Finding Fine(string check, string message) => new() { Check = check, Message = message };

    private static Finding Problem(string check, string message, string remedy) => new()
    {
        Check = check, State = FindingState.Problem, Message = message, Remedy = remedy,
    };
}
