using System.Globalization;
using System.Text;
using Imaged.Fuse;
using Imaged.Fuse.Session;
using Imaged.Linux;
using Imaged.Linux.Fuse;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using Xunit;

namespace Imaged.Conformance.Fuse;

/// <summary>A real mount in a folder of its own. If a test hangs on it for a minute, the connection is aborted, so that
/// everything on it ends with an error.</summary>
internal sealed unsafe class FuseMount : IDisposable
{
    private const string Connections = "/sys/fs/fuse/connections";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly object FuseControlLock = new();

    private readonly TemporaryFolder _folder = new();
    private readonly Timer _watchdog;
    private bool _mounted;

    public FuseMount(string options = "")
    {
        Device = FuseDevice.Open();
        string data = string.Create(
            CultureInfo.InvariantCulture,
            $"fd={Device.DangerousGetHandle()},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions{options}");
        Mount("imaged-test", Path, "fuse.imaged", LibC.MS_RDONLY | LibC.MS_NOSUID | LibC.MS_NODEV, data);
        _mounted = true;

        // Not by stat, which would wait for a server: the line of mountinfo tells the device.
        string line = File.ReadLines("/proc/self/mountinfo").Last(text => text.Split(' ')[4] == Path);
        string[] numbers = line.Split(' ')[2].Split(':');
        Major = uint.Parse(numbers[0], CultureInfo.InvariantCulture);
        Minor = uint.Parse(numbers[1], CultureInfo.InvariantCulture);
        lock (FuseControlLock)
        {
            if (!Directory.Exists($"{Connections}/{Minor}"))
            {
                Mount("none", Connections, "fusectl", default, string.Empty);
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
        fixed (byte* path = Encoding.UTF8.GetBytes(Path + '\0'))
        {
            if (LibC.umount2(path, lazily ? LibC.MNT_DETACH : 0) != 0)
            {
                throw new LinuxException($"unmount {Path}", LibC.errno);
            }
        }

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

    private static void Mount(string source, string target, string type, ulong_t flags, string data)
    {
        fixed (byte* sourceBytes = Encoding.UTF8.GetBytes(source + '\0'))
        fixed (byte* targetBytes = Encoding.UTF8.GetBytes(target + '\0'))
        fixed (byte* typeBytes = Encoding.UTF8.GetBytes(type + '\0'))
        fixed (byte* dataBytes = Encoding.UTF8.GetBytes(data + '\0'))
        {
            if (LibC.mount(sourceBytes, targetBytes, typeBytes, flags, dataBytes) != 0)
            {
                throw new LinuxException($"mount {type} on {target}", LibC.errno);
            }
        }
    }
}

/// <summary>A mount with a session that serves it.</summary>
internal sealed class ServedMount : IDisposable
{
    private readonly SafeFileHandle _journalFile;
    private readonly RequestJournal _journal;

    public ServedMount(IFuseHandler handler, int threads = 2)
    {
        Mount = new FuseMount();
        _journalFile = RequestJournal.CreateFile(threads);
        _journal = RequestJournal.Open(_journalFile);
        Session = new FuseSession(
            Mount.Device, handler, _journal, new FuseSessionOptions(threads, Report: Failures.Add));
        Session.Start();
        Session.Ready.Wait();
        FuseTuning.SetReadAhead(Mount.Major, Mount.Minor, FuseTuning.RecommendedReadAheadKib);
    }

    public FuseMount Mount { get; }

    public FuseSession Session { get; }

    public System.Collections.Concurrent.ConcurrentBag<FuseFailure> Failures { get; } = [];

    public string this[string name] => Mount[name];

    public void Dispose()
    {
        Mount.Dispose();
        Session.Completion.Wait();
        Session.Dispose();
        _journal.Dispose();
        _journalFile.Dispose();
    }
}
