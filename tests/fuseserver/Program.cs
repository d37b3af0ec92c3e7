using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.FuseServer;
using Imaged.Fuse.Handlers;
using Imaged.Fuse.Session;
using Imaged.Linux;
using Imaged.Linux.Fuse;
using Microsoft.Win32.SafeHandles;

// Serves one file of the host as `disk.img`. In the tests, on descriptors that outlive it:
//
//     Imaged.FuseServer FILE --threads N [--recover] [--delay] [--kill-at OFFSET]      descriptors 3: /dev/fuse, 4:
// journal
//
// by hand, to measure, until it is unmounted:
//
//     Imaged.FuseServer FILE --threads N --mount DIRECTORY [--clone]

if (args.Length < 1)
{
    Console.Error.WriteLine(
        "usage: Imaged.FuseServer FILE [--threads N] [--recover] [--delay] [--kill-at N] [--mount DIR] [--clone]");
    return 2;
}

int threads = Option("--threads") is { } count ? int.Parse(count, CultureInfo.InvariantCulture) : 2;
using SafeFileHandle file = HostPath.OpenRead(args[0]);
using BlockSource host = new FileSource(file);
using BlockSource disk = Array.IndexOf(args, "--delay") >= 0 || Option("--kill-at") is not null
    ? new UnreliableSource(
        host,
        Array.IndexOf(args, "--delay") >= 0,
        Option("--kill-at") is { } offset ? long.Parse(offset, CultureInfo.InvariantCulture) : -1)
    : new SliceSource(host, 0, host.Length);
DiskFileHandler handler = new(disk, Encoding.UTF8.GetBytes("disk.img"));
return Option("--mount") is { } directory ? MountAndServe(directory) : Serve();

int Serve()
{
    using SafeFileHandle device = new(3, ownsHandle: true);
    using SafeFileHandle journalFile = new(4, ownsHandle: true);
    using RequestJournal journal = RequestJournal.Open(journalFile);
    using FuseSession session = new(
        device, handler, journal, new FuseSessionOptions(threads, Recover: Array.IndexOf(args, "--recover") >= 0));
    session.Start();
    return session.Completion.GetAwaiter().GetResult() == FuseSessionEnd.Failed ? 1 : 0;
}

int MountAndServe(string target)
{
    using SafeFileHandle device = FuseDevice.Open();
    List<SafeFileHandle> devices = [device];
    using SafeFileHandle place = HostPath.OpenDirectory(target);
    using (SafeFileHandle mount = MountApi.Create(
        "fuse",
        [
            new("fd", device.DangerousGetHandle().ToString(CultureInfo.InvariantCulture)),
            new("source", "imaged-test"), new("subtype", "imaged"), new("rootmode", "40000"), new("user_id", "0"),
            new("group_id", "0"), new("allow_other", null), new("default_permissions", null), new("ro", null),
        ],
        MountAttributes.ReadOnly | MountAttributes.NoSuid | MountAttributes.NoDev))
    {
        MountApi.Move(mount, place);
    }

    while (Array.IndexOf(args, "--clone") >= 0 && devices.Count < threads)
    {
        devices.Add(FuseDevice.Clone(device));
    }

    using SafeFileHandle journalFile = RequestJournal.CreateFile(threads);
    using RequestJournal journal = RequestJournal.Open(journalFile);
    using FuseSession session = new(devices, handler, journal, new FuseSessionOptions(threads));
    session.Start();
    session.Ready.Wait();
    DeviceNumber number = MountTable.Read().Last(entry => entry.Path == target).Device;
    FuseTuning.SetReadAhead(number.Major, number.Minor, FuseTuning.RecommendedReadAheadKib);
    FuseSessionEnd end = session.Completion.GetAwaiter().GetResult();
    Console.Error.WriteLine($"{end} {session.Counters}");
    return 0;
}

string? Option(string name)
{
    int index = Array.IndexOf(args, name);
    return index >= 0 && index + 1 < args.Length ? args[index + 1] : null;
}
