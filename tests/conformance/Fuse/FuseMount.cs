using System.Globalization;
using Imaged.Linux;
using Imaged.Linux.Fuse;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.Conformance.Fuse;

/// <summary>A real mount in a folder of its own. If a test hangs on it for a minute, the connection is aborted, so that
/// everything on it ends with an error.</summary>
internal sealed class FuseMount : IDisposable
{
    private const string Connections = "/sys/fs/fuse/connections";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly object FuseControlLock = new();

    private readonly TemporaryFolder _folder = new();
    private readonly Timer _watchdog;
    private bool _mounted;

    public FuseMount()
    {
        Device = FuseDevice.Open();
        using SafeFileHandle mount = MountApi.Create(
            "fuse",
            [
                new("fd", Device.DangerousGetHandle().ToString(CultureInfo.InvariantCulture)),
                new("source", "imaged-test"), new("subtype", "imaged"), new("rootmode", "40000"), new("user_id", "0"),
                new("group_id", "0"), new("allow_other", null), new("default_permissions", null), new("ro", null),
            ],
            MountAttributes.ReadOnly | MountAttributes.NoSuid | MountAttributes.NoDev);
        using SafeFileHandle place = HostPath.OpenDirectory(Path);
        MountApi.Move(mount, place);
        _mounted = true;

        // Not by stat, which would wait for a server.
        DeviceNumber device = MountTable.Read().Last(entry => entry.Path == Path).Device;
        Major = device.Major;
        Minor = device.Minor;
        lock (FuseControlLock)
        {
            if (!Directory.Exists($"{Connections}/{Minor}"))
            {
                using SafeFileHandle control = MountApi.Create("fusectl", [], MountAttributes.None);
                using SafeFileHandle connections = HostPath.OpenDirectory(Connections);
                MountApi.Move(control, connections);
            }
        }

        _watchdog = new Timer(_ => Abort(), null, Patience, Timeout.InfiniteTimeSpan);
    }

    public SafeFileHandle Device { get; }

    public uint Major { get; }

    public uint Minor { get; }

    public string Path => _folder.Path;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Skips the test where there is no FUSE.</summary>
    public static void Require()
    {
        Requires.Root();
        Assert.SkipUnless(File.Exists("/dev/fuse"), "needs /dev/fuse");
    }

    public void Abort()
    {
        try
        {
            FuseTuning.Abort(Minor);
        }
        catch (IOException)
        {
            // The connection is gone already.
        }
    }

    /// <summary>Unmounts at once, or as soon as nobody uses it any more.</summary>
    public void Unmount(bool lazily = false)
    {
        Assert.True(MountApi.TryUnmount(MountTable.Read().Last(entry => entry.Path == Path), lazily));
        _mounted = false;
    }

    public void Dispose()
    {
        _watchdog.Dispose();
        if (_mounted)
        {
            Abort();
            Unmount(lazily: true);
        }

        Device.Dispose();
        _folder.Dispose();
    }
}
