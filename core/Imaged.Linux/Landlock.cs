using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Landlock (Linux 5.13): after it a thread opens only what rules allow, whoever it is. System call numbers
/// are the same on x86-64 and arm64.</summary>
internal static unsafe class Landlock
{
    private const int SysCreateRuleset = 444;
    private const int SysAddRule = 445;
    private const int SysRestrictSelf = 446;
    private const int VersionFlag = 1;
    private const int RulePathBeneath = 1;

    private const ulong Execute = 1 << 0;
    private const ulong WriteFile = 1 << 1;
    private const ulong ReadFile = 1 << 2;
    private const ulong ReadDirectory = 1 << 3;
    private const ulong RemoveFile = 1 << 5;
    private const ulong MakeRegular = 1 << 8;
    private const ulong Truncate = 1 << 14;

    // Access rights to files by ABI version 1, 2 (refer), 3 (truncate), 5 (device ioctls).
    private const ulong RightsV1 = (1UL << 13) - 1;
    private const ulong RightsV2 = (1UL << 14) - 1;
    private const ulong RightsV3 = (1UL << 15) - 1;
    private const ulong RightsV5 = (1UL << 16) - 1;

    // Where the dynamic loader finds libraries, and what the run-time library reads about machine and process.
    private static readonly string[] Programs = ["/usr/lib", "/usr/lib64", "/lib", "/lib64"];
    private static readonly string[] Facts =
        ["/proc", "/sys/fs/cgroup", "/sys/devices/system", "/etc/ld.so.cache", "/dev/urandom"];

    /// <summary>The version that the kernel has; below 1 when it has none, or it is not enabled.</summary>
    public static int Version => (int)(long)LibC.syscall(SysCreateRuleset, (void*)null, 0, VersionFlag);

    /// <summary>Restricts the calling thread and whatever it executes.</summary>
    /// <returns>False when the kernel has no Landlock.</returns>
    public static bool Restrict(ConfinementOptions options)
    {
        int version = Version;
        if (version < 1)
        {
            return false;
        }

        ulong handled = version switch { 1 => RightsV1, 2 => RightsV2, 3 or 4 => RightsV3, _ => RightsV5 };
        Attributes attributes = new()
        {
            HandledFileAccess = handled,
            HandledNetworkAccess = version >= 4 ? 3UL : 0, // bind and connect by TCP
            Scoped = version >= 6 ? 3UL : 0, // abstract sockets and signals
        };
        int size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
        int ruleset = (int)(long)LibC.syscall(SysCreateRuleset, &attributes, size, 0);
        using SafeFileHandle handle = HostPath.Wrap(LinuxException.Check(ruleset, "create a Landlock ruleset"));

        foreach (string path in Programs)
        {
            AllowPath(handle, path, Execute | ReadFile | ReadDirectory);
        }

        foreach (string path in Facts)
        {
            AllowPath(handle, path, ReadFile | ReadDirectory);
        }

        AllowPath(handle, Environment.ProcessPath ?? "/proc/self/exe", Execute | ReadFile);
        AllowPath(handle, "/dev/null", ReadFile | WriteFile | (handled & Truncate));
        if (options.ReadableDirectory is { } readable)
        {
            Allow(handle, readable, ReadFile | ReadDirectory);
        }

        if (options.WritableDirectory is { } writable)
        {
            Allow(handle, writable, handled & ~Execute);
        }

        if (options.CacheDirectory is { } cache)
        {
            Allow(
                handle,
                cache,
                ReadFile | WriteFile | ReadDirectory | RemoveFile | MakeRegular | (handled & Truncate));
        }

        LinuxException.Check((int)(long)LibC.syscall(SysRestrictSelf, ruleset, 0), "restrict by Landlock");
        return true;
    }

    private static void AllowPath(SafeFileHandle ruleset, string path, ulong access)
    {
        if (Path.Exists(path))
        {
            using SafeFileHandle handle = HostPath.OpenPath(path);
            Allow(ruleset, handle, access);
        }
    }

    private static void Allow(SafeFileHandle ruleset, SafeFileHandle path, ulong access)
    {
        if (!HostPath.Identify(path).IsDirectory)
        {
            access &= Execute | WriteFile | ReadFile | Truncate;
        }

        PathBeneath rule = new() { AllowedAccess = access, ParentDescriptor = HostPath.Number(path) };
        int result = (int)(long)LibC.syscall(SysAddRule, HostPath.Number(ruleset), RulePathBeneath, &rule, 0);
        LinuxException.Check(result, "add a Landlock rule");
    }

    // struct landlock_ruleset_attr: 8 bytes at ABI 1, 16 at 4, 24 at 6.
    private struct Attributes
    {
        public ulong HandledFileAccess;
        public ulong HandledNetworkAccess;
        public ulong Scoped;
    }

    // struct landlock_path_beneath_attr is packed: 12 bytes.
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential, Pack = 1)]
    private struct PathBeneath
    {
        public ulong AllowedAccess;
        public int ParentDescriptor;
    }
}
