using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Whose rights a confined process keeps, and what it may still open.</summary>
/// <param name="Uid">User to become; null to stay who we are.</param>
/// <param name="Gid">Group to become, with <paramref name="Uid"/>.</param>
/// <param name="Groups">Supplementary groups, with <paramref name="Uid"/>.</param>
public sealed record ConfinementOptions(uint? Uid, uint Gid, IReadOnlyList<uint> Groups)
{
    /// <summary>A directory whose files may be opened for reading; null for none.</summary>
    public SafeFileHandle? ReadableDirectory { get; init; }

    /// <summary>A directory in which everything may be made; null for none.</summary>
    public SafeFileHandle? WritableDirectory { get; init; }

    /// <summary>A directory in which regular files may be made, replaced and removed; null for none.</summary>
    public SafeFileHandle? CacheDirectory { get; init; }
}

/// <summary>Takes rights away from this process for good. What the steps bind is a thread and what it executes, so they
/// are done on the main thread, which then executes the program anew: all threads of the new image are
/// confined.</summary>
public static unsafe class Confinement
{
    private const int PrSetNoNewPrivileges = 38;
    private const int PrSetSecureBits = 28;
    private const int PrDropBoundingCapability = 24;
    private const int SysCapset = 126;
    private const int SysPrctl = 157;
    private const int SysCapsetArm64 = 91;
    private const int SysPrctlArm64 = 167;
    private const int LastCapability = 63;

    // SECBIT_NO_CAP_AMBIENT_RAISE with its lock: no capability outlives execve(2) by becoming an ambient one.
    private const int SecureBitsNoAmbient = 0x40 | 0x80;

    // capability.h: what reading anybody's files takes, and what cp -a takes as root.
    private const ulong ReadCapabilities = 1UL << 2; // CAP_DAC_READ_SEARCH
    private const ulong CopyCapabilities =
        (1UL << 0) | (1UL << 1) | (1UL << 2) | (1UL << 3) | (1UL << 4) | (1UL << 27) | (1UL << 31);

    /// <summary>The version of Landlock that the kernel has; below 1 for none.</summary>
    public static int LandlockVersion => Landlock.Version;

    /// <summary>Confines the calling thread: other user, fewer capabilities, no new privileges, no core dumps, and
    /// Landlock where the kernel has it. To be followed by <see cref="Execute"/> on the same thread.</summary>
    /// <param name="options">What is kept.</param>
    /// <returns>Whether Landlock is in force.</returns>
    /// <exception cref="LinuxException">A step failed; the process must not go on.</exception>
    public static bool Apply(ConfinementOptions options)
    {
        // One process reads one image: many descriptors are a leak. No core dumps of other people's data.
        SetLimit(4 /* RLIMIT_CORE */, 0);
        ulong keep = options.WritableDirectory is null ? ReadCapabilities : CopyCapabilities;
        if (LibC.geteuid() == 0)
        {
            _ = Control(PrSetSecureBits, SecureBitsNoAmbient);
            for (int capability = 0; capability <= LastCapability; capability++)
            {
                if ((keep & (1UL << capability)) == 0)
                {
                    // EINVAL above the last one that the kernel knows.
                    _ = Control(PrDropBoundingCapability, capability);
                }
            }
        }

        if (options.Uid is { } uid)
        {
            BecomeUser(uid, options.Gid, options.Groups);
        }

        LinuxException.Check(Control(PrSetNoNewPrivileges, 1), "give up new privileges");
        return Landlock.Restrict(options);
    }

    /// <summary>Executes this program anew, with other arguments, on the calling thread.</summary>
    /// <exception cref="LinuxException">It failed; on success it does not return.</exception>
    public static void Execute(IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        nint* argv = Strings(["imaged-worker", .. arguments]);
        nint* envp = Strings(environment);
        fixed (byte* path = "/proc/self/exe\0"u8)
        {
            LibC.execve(path, (byte**)argv, (byte**)envp);
        }

        LinuxException.Throw("execute '/proc/self/exe'");
    }

    private static void BecomeUser(uint uid, uint gid, IReadOnlyList<uint> groups)
    {
        gid_t[] list = new gid_t[groups.Count];
        for (int i = 0; i < list.Length; i++)
        {
            list[i] = groups[i];
        }

        fixed (gid_t* first = list)
        {
            LinuxException.Check(LibC.setgroups(list.Length, first), "set groups");
        }

        LinuxException.Check(LibC.setresgid(gid, gid, gid), "change the group");
        LinuxException.Check(LibC.setresuid(uid, uid, uid), "change the user");
        if (uid != 0)
        {
            // Becoming another user from root empties the sets; one who had capabilities without being root has them
            // still.
            uint* header = stackalloc uint[2] { 0x20080522 /* _LINUX_CAPABILITY_VERSION_3 */, 0 };
            uint* data = stackalloc uint[6];
            new Span<uint>(data, 6).Clear();
            int capset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? SysCapset : SysCapsetArm64;
            LinuxException.Check((int)(long)LibC.syscall(capset, header, data), "drop capabilities");
        }
    }

    private static int Control(int option, int argument)
    {
        int prctl = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? SysPrctl : SysPrctlArm64;
        return (int)(long)LibC.syscall(prctl, option, argument, 0, 0, 0);
    }

    private static void SetLimit(int resource, ulong value)
    {
        ulong* limit = stackalloc ulong[2] { value, value };
        int prlimit = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 302 : 261;
        LinuxException.Check((int)(long)LibC.syscall(prlimit, 0, resource, limit, (void*)null), "set a resource limit");
    }

    private static nint* Strings(IReadOnlyList<string> texts)
    {
        // Lives until execve takes it over.
        nint* array = (nint*)NativeMemory.AllocZeroed((nuint)(texts.Count + 1), (nuint)sizeof(nint));
        for (int i = 0; i < texts.Count; i++)
        {
            array[i] = Marshal.StringToCoTaskMemUTF8(texts[i]);
        }

        return array;
    }
}
