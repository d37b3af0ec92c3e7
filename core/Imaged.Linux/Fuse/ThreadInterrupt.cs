using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Imaged.Linux.Fuse;

/// <summary>Makes a thread that blocks in a system call come back from it with EINTR.</summary>
public static unsafe partial class ThreadInterrupt
{
    // Far from SIGRTMIN (34), which the runtime suspends threads with.
    private const int Signal = 60;
    private const int SysGetTid = 186;
    private const int SysGetTidArm64 = 178;
    private const int SysTgKill = 234;
    private const int SysTgKillArm64 = 131;

    private static readonly object Lock = new();
    private static bool _prepared;

    /// <summary>The kernel's number of the calling thread.</summary>
    public static int CurrentThread => (int)(long)LibC.syscall(IsArm64 ? SysGetTidArm64 : SysGetTid);

    private static bool IsArm64 => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Installs the signal's handler, once in a process.</summary>
    public static void Prepare()
    {
        lock (Lock)
        {
            if (_prepared)
            {
                return;
            }

            // A handler must exist, or the signal would kill the process, and must not be managed code, which cannot
            // run inside a signal. abs(3) takes an int and touches nothing. Installed without SA_RESTART.
            nint handler = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "abs");
            sigaction action = default;
            *(nint*)&action = handler;
            LinuxException.Check(LibC.sigaction(Signal, &action, null), "sigaction");
            _prepared = true;
        }
    }

    /// <summary>Interrupts a thread of this process. It may be just before its system call and block nevertheless: who
    /// waits for the thread interrupts it again and again.</summary>
    /// <param name="thread">As <see cref="CurrentThread"/> told it; the thread runs still.</param>
    public static void Interrupt(int thread)
    {
        _ = LibC.syscall(IsArm64 ? SysTgKillArm64 : SysTgKill, Environment.ProcessId, thread, Signal);
    }
}
