using System.Globalization;
using Imaged.E2e;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Imaged.Linux.Fuse;
using Imaged.Linux.Sockets;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Bench;

/// <summary>The FUSE file that a worker serves under a loop device. The loop device alone holds its mount, and nobody
/// reaches the file there: so the worker program is started here as the daemon does it, and the mount put on a
/// folder.</summary>
internal sealed class ServedFile : IDisposable
{
    private const int ControlDescriptor = 3;
    private const int Threads = 3;

    private readonly string _folder;
    private readonly SafeFileHandle _device = FuseDevice.Open();
    private readonly SafeFileHandle _journal;
    private readonly VarlinkConnection _control;
    private readonly ChildProcess _worker;

    /// <summary>Serves an image.</summary>
    /// <param name="image">Its path.</param>
    /// <param name="folder">Made, to mount on.</param>
    public ServedFile(string image, string folder)
    {
        _folder = Directory.CreateDirectory(folder).FullName;
        (UnixSocket ours, UnixSocket theirs) = UnixSocket.CreatePair();
        using (theirs)
        {
            _worker = ChildProcess.Start(Programs.Worker, [], [(ControlDescriptor, theirs.Handle)]);
        }

        _control = new VarlinkConnection(ours);
        string name = System.IO.Path.GetFileName(image);
        using SafeFileHandle file = HostPath.OpenRead(image);
        _control.Call(WorkerInterface.Open, new OpenParameters { Image = 0, Name = name }, [file]).Dispose();
        AttachPlan plan = Plan();
        using SafeFileHandle mount = MountApi.Create(
            "fuse",
            [
                new("source", "imaged-bench"), new("subtype", "imaged"),
                new("fd", _device.DangerousGetHandle().ToString(CultureInfo.InvariantCulture)),
                new("rootmode", "40000"), new("user_id", "0"), new("group_id", "0"), new("allow_other", null),
                new("default_permissions", null), new("ro", null),
            ],
            MountAttributes.ReadOnly | MountAttributes.NoSuid | MountAttributes.NoDev);
        using (VarlinkReply<Nothing> reply = _control.Call(
            WorkerInterface.Serve, new ServeParameters { Device = 0, Threads = Threads, Plan = plan }, [_device]))
        {
            _journal = reply.TakeDescriptor(0);
        }

        DeviceNumber number = HostPath.Identify(mount).Device;
        FuseTuning.SetReadAhead(number.Major, number.Minor, FuseTuning.RecommendedReadAheadKib);
        using SafeFileHandle place = HostPath.OpenDirectory(_folder);
        MountApi.Move(mount, place);
        Path = System.IO.Path.Combine(_folder, name);
        string type = Tool.Run("stat", "-f", "-c", "%T", Path).Text.Trim();
        if (type != "fuseblk" && type != "fuse")
        {
            throw new IOException($"'{Path}' is on {type}, not served by FUSE");
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        MountApi.TryUnmount(MountTable.Read().Last(entry => entry.Path == _folder), lazy: true);
        _control.Dispose();
        _device.Dispose();
        _journal.Dispose();
        _worker.Dispose();
    }

    private AttachPlan Plan()
    {
        PlanRequest request = new() { Purpose = PlanPurpose.Device, Via = AttachVia.Fuse };
        using VarlinkReply<PlanReply> reply =
            _control.Call(WorkerInterface.Plan, new PlanParameters { Request = request });
        return reply.Value.Plan;
    }
}
