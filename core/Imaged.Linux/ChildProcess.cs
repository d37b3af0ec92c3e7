using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>A process that imaged started, or took over from a dead daemon. It is named by a descriptor
/// (<c>pidfd_open(2)</c>), so that a signal never reaches another process that got its number.</summary>
public sealed unsafe partial class ChildProcess : IDisposable
{
    private const int SysPidfdSendSignal = 424;
    private const int SysPidfdOpen = 434;
    private const int PidfdIdType = 3; // P_PIDFD of waitid(2)
    private const short SpawnSetSignalDefault = 0x04;
    private const short SpawnSetSignalMask = 0x08;
    private const short SpawnSetSession = 0x80;

    private ChildProcess(int pid, SafeFileHandle descriptor)
    {
        Pid = pid;
        Descriptor = descriptor;
    }

    /// <summary>Process id.</summary>
    public int Pid { get; }

    /// <summary>The process's descriptor: readable for <c>poll(2)</c> once the process has ended.</summary>
    public SafeFileHandle Descriptor { get; }

    /// <summary>Whether the process has ended. A child of ours is reaped then.</summary>
    public bool HasExited => WaitForExit(0);

    /// <summary>What a child of ours returned; null while it runs, and when a signal ended it.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Starts a program in a session of its own, with standard input and output on <c>/dev/null</c> and
    /// standard error shared. Nothing else is inherited but the descriptors given.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Arguments after the program's name.</param>
    /// <param name="descriptors">What to pass, and the number that it gets there, 1 or above.</param>
    /// <param name="environment">The whole environment, as <c>NAME=value</c>; null for ours.</param>
    /// <exception cref="LinuxException">It cannot be started.</exception>
    public static ChildProcess Start(
        string path,
        IReadOnlyList<string> arguments,
        IReadOnlyList<(int Target, SafeHandle Handle)> descriptors,
        IReadOnlyList<string>? environment = null)
    {
        // First out of the way of all targets: a source may have the number of another's target.
        int lowest = Math.Max(3, descriptors.Select(d => d.Target + 1).DefaultIfEmpty().Max());
        List<SafeFileHandle> sources = [];
        nint actions = (nint)NativeMemory.AllocZeroed(256); // posix_spawn_file_actions_t: 80 bytes in glibc
        nint attributes = (nint)NativeMemory.AllocZeroed(1024); // posix_spawnattr_t: 336 bytes in glibc
        try
        {
            Check(posix_spawn_file_actions_init(actions), "prepare a process");
            Check(posix_spawnattr_init(attributes), "prepare a process");
            fixed (byte* nullDevice = "/dev/null\0"u8)
            {
                Check(posix_spawn_file_actions_addopen(actions, 0, nullDevice, LibC.O_RDONLY, 0), "prepare a process");
                Check(posix_spawn_file_actions_addopen(actions, 1, nullDevice, LibC.O_WRONLY, 0), "prepare a process");
            }

            foreach ((int target, SafeHandle handle) in descriptors)
            {
                int fd = LibC.fcntl(HostPath.Number(handle), LibC.F_DUPFD_CLOEXEC, lowest);
                SafeFileHandle source = HostPath.Wrap(LinuxException.Check(fd, "duplicate a descriptor"));
                sources.Add(source);
                Check(posix_spawn_file_actions_adddup2(actions, fd, target), "prepare a process");
            }

            // What others opened without close-on-exec stays here, too.
            Check(posix_spawn_file_actions_addclosefrom_np(actions, lowest), "prepare a process");
            SetSignals(attributes);
            int pid;
            string name = Path.GetFileName(path);
            nint* argv = Strings([name, .. arguments]);
            nint* envp = Strings(environment ?? CurrentEnvironment());
            try
            {
                fixed (byte* program = HostPath.Bytes(path))
                {
                    Check(posix_spawn(&pid, program, actions, attributes, argv, envp), $"start '{path}'");
                }
            }
            finally
            {
                FreeStrings(argv);
                FreeStrings(envp);
            }

            // Not reaped yet, so the number is still its own.
            return new(pid, OpenPid(pid));
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
            NativeMemory.Free((void*)actions);
            NativeMemory.Free((void*)attributes);
            sources.ForEach(source => source.Dispose());
        }
    }

    /// <summary>Takes over a process that somebody else started, if it still runs.</summary>
    /// <param name="pid">Its id.</param>
    /// <param name="startTime">Its start time as <see cref="StartTimeOf"/> told; a process with another one is another
    /// process.</param>
    public static ChildProcess? Adopt(int pid, ulong startTime)
    {
        int fd = (int)(long)LibC.syscall(SysPidfdOpen, pid, 0);
        if (fd < 0)
        {
            return null;
        }

        ChildProcess process = new(pid, HostPath.Wrap(fd));
        if (StartTimeOf(pid) == startTime && !process.HasExited)
        {
            return process;
        }

        process.Dispose();
        return null;
    }

    /// <summary>When a process started, in clock ticks since boot (field 22 of <c>/proc/PID/stat</c>); 0 when there is
    /// no such process.</summary>
    public static ulong StartTimeOf(int pid)
    {
        try
        {
            string stat = File.ReadAllText(FormattableString.Invariant($"/proc/{pid}/stat"));
            // The name in parentheses may hold anything; fields are counted from behind it.
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return ulong.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Sends a signal; does nothing when the process has ended.</summary>
    public void Signal(int signal)
    {
        bool held = false;
        try
        {
            Descriptor.DangerousAddRef(ref held);
            _ = LibC.syscall(SysPidfdSendSignal, (int)Descriptor.DangerousGetHandle(), signal, 0, 0);
        }
        catch (ObjectDisposedException)
        {
            // Whoever waited for its end has seen it.
        }
        finally
        {
            if (held)
            {
                Descriptor.DangerousRelease();
            }
        }
    }

    /// <summary>Kills the process at once; does nothing when it has ended.</summary>
    public void Kill() => Signal(9);

    /// <summary>Waits until the process has ended.</summary>
    /// <param name="milliseconds">How long at most; -1 for ever.</param>
    /// <returns>Whether it has ended.</returns>
    public bool WaitForExit(int milliseconds)
    {
        pollfd poll = new() { fd = HostPath.Number(Descriptor), events = 1 /* POLLIN */ };
        int ready = Poller.Poll(&poll, 1, milliseconds);
        if (ready > 0)
        {
            // Reaps it if it is a child; an adopted process is reaped by its own parent.
            byte* info = stackalloc byte[128];
            if (waitid(PidfdIdType, HostPath.Number(Descriptor), info, 4 /* WEXITED */, null) == 0
                && *(int*)(info + 8) == 1 /* si_code: CLD_EXITED */)
            {
                ExitCode = *(int*)(info + 24); // si_status
            }
        }

        return ready > 0;
    }

    /// <summary>Closes the descriptor; the process goes on.</summary>
    public void Dispose() => Descriptor.Dispose();

    private static SafeFileHandle OpenPid(int pid)
    {
        int fd = (int)(long)LibC.syscall(SysPidfdOpen, pid, 0);
        return HostPath.Wrap(LinuxException.Check(fd, "pidfd_open"));
    }

    // The runtime ignores SIGPIPE and handles others; a child begins with the defaults.
    private static void SetSignals(nint attributes)
    {
        byte* set = stackalloc byte[128];
        new Span<byte>(set, 128).Fill(0xff);
        Check(posix_spawnattr_setsigdefault(attributes, set), "prepare a process");
        new Span<byte>(set, 128).Clear();
        Check(posix_spawnattr_setsigmask(attributes, set), "prepare a process");
        short flags = SpawnSetSignalDefault | SpawnSetSignalMask | SpawnSetSession;
        Check(posix_spawnattr_setflags(attributes, flags), "prepare a process");
    }

    private static List<string> CurrentEnvironment()
    {
        List<string> variables = [];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            variables.Add($"{variable.Key}={variable.Value}");
        }

        return variables;
    }

    private static nint* Strings(IReadOnlyList<string> texts)
    {
        nint* array = (nint*)NativeMemory.AllocZeroed((nuint)(texts.Count + 1), (nuint)sizeof(nint));
        for (int i = 0; i < texts.Count; i++)
        {
            array[i] = Marshal.StringToCoTaskMemUTF8(texts[i]);
        }

        return array;
    }

    private static void FreeStrings(nint* array)
    {
        for (nint* text = array; *text != 0; text++)
        {
            Marshal.FreeCoTaskMem(*text);
        }

        NativeMemory.Free(array);
    }

    private static void Check(int error, string what)
    {
        if (error != 0)
        {
            throw new LinuxException(what, error);
        }
    }

    [LibraryImport("libc")]
    private static partial int posix_spawn(int* pid, byte* path, nint actions, nint attributes, nint* argv, nint* envp);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(nint actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(nint actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(nint actions, int fd, int target);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addopen(nint actions, int fd, byte* path, int flags, uint mode);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addclosefrom_np(nint actions, int from);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(nint attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(nint attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(nint attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(nint attributes, byte* set);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(nint attributes, byte* set);

    [LibraryImport("libc")]
    private static partial int waitid(int type, int id, byte* info, int options, void* usage);
}
