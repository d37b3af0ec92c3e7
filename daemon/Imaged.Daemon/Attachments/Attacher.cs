using System.Globalization;
using Imaged.Daemon.Config;
using Imaged.Daemon.Journal;
using Imaged.Daemon.Recovery;
using Imaged.Daemon.Workers;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Imaged.Linux.Fuse;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Attachments;

/// <summary>What a caller wants attached.</summary>
/// <param name="Caller">Who.</param>
/// <param name="Image">The image.</param>
/// <param name="Directory">Its directory; null when siblings are not to be opened.</param>
/// <param name="Path">Its path, for people.</param>
/// <param name="Options">What of it.</param>
/// <param name="Via">How.</param>
/// <param name="Mount">Where and how to mount it; null to make a device.</param>
/// <param name="Password">What the password is read from; null for none.</param>
internal sealed record AttachRequest(
    PeerCredentials Caller,
    SafeFileHandle Image,
    SafeFileHandle? Directory,
    string Path,
    OpenOptions Options,
    AttachVia Via,
    MountRequest? Mount,
    SafeFileHandle? Password);

/// <summary>Where and how to mount.</summary>
/// <param name="View">The kernel's driver or our tree.</param>
/// <param name="Target">The directory; null to make one.</param>
/// <param name="Options">The options of <c>-o</c>.</param>
/// <param name="Trigger">What has it mounted by itself; null when somebody asked.</param>
internal sealed record MountRequest(
    MountView View, SafeFileHandle? Target, IReadOnlyList<string> Options, string? Trigger);

/// <summary>Carries out one request: starts a worker, has it plan, checks the plan, executes it. What fails leaves
/// nothing behind.</summary>
internal sealed class Attacher
{
    // The kernel waits for the worker while a FUSE file is opened or mounted; a worker that keeps it waiting is killed.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const int MaxPath = 4096;
    private const int MaxTrigger = 4096;

    private readonly IWorkerLauncher _launcher;
    private readonly Settings _settings;
    private readonly AccessPolicy _policy;
    private readonly MountPoints _mountPoints;
    private readonly RecordStore _records;
    private readonly LoopMarks _marks;
    private readonly News _news;

    /// <summary>An attacher.</summary>
    public Attacher(
        IWorkerLauncher launcher,
        Settings settings,
        AccessPolicy policy,
        MountPoints mountPoints,
        RecordStore records,
        LoopMarks marks,
        News news)
    {
        _launcher = launcher;
        _settings = settings;
        _policy = policy;
        _mountPoints = mountPoints;
        _records = records;
        _marks = marks;
        _news = news;
    }

    /// <summary>Attaches.</summary>
    /// <param name="id">Id to use.</param>
    /// <param name="request">What.</param>
    /// <returns>The attachment, with its record saved.</returns>
    public Attached Attach(string id, AttachRequest request)
    {
        MountAttributes attributes = MountOptions.Parse(request.Mount?.Options ?? [], request.Caller.IsRoot);
        bool mayUseKernel = MayUseKernel(request);
        FileIdentity identity = CheckImage(request);
        using MountPoint? named =
            request.Mount?.Target is { } target ? _mountPoints.Take(target, request.Caller) : null;
        WorkerIdentity owner = new(request.Caller.Uid, request.Caller.Gid, request.Caller.Groups);
        WorkerProcess worker = _launcher.Start(id, owner, request.Directory, isUrgent: false);
        Attached? attached = null;
        try
        {
            worker.Open(request.Image, request.Path, request.Options, request.Password);
            (AttachPlan plan, SafeFileHandle? file) = worker.Plan(CreatePlanRequest(request, mayUseKernel));
            using (file)
            {
                PlanCheck.Check(plan, file, request.Mount is null ? PlanPurpose.Device : PlanPurpose.Tree);
                RequireDriver(mayUseKernel, plan);
                attached = new Attached(CreateRecord(id, request, identity, plan)) { Worker = worker };
                attached.Image = HostPath.Duplicate(request.Image);
                attached.Directory = request.Directory is null ? null : HostPath.Duplicate(request.Directory);
                attached.Password = request.Password is null ? null : HostPath.Duplicate(request.Password);
                Execute(attached, file, named, attributes, request.Mount is not null);
            }

            if (plan.Kind == PlanKind.DirectLoop)
            {
                EndWorker(attached);
            }

            return attached;
        }
        catch
        {
            Undo(attached, worker, id);
            throw;
        }
    }

    // Nobody is asked when the user did not ask for the kernel's drivers.
    private bool MayUseKernel(AttachRequest request)
    {
        if (request.Mount?.View == MountView.Kernel)
        {
            _policy.RequireKernel(request.Caller);
            return true;
        }

        return request.Mount?.View is not (MountView.Tree or MountView.Disc) && _policy.MayUseKernel(request.Caller);
    }

    private static FileIdentity CheckImage(AttachRequest request)
    {
        FileIdentity identity = HostPath.Identify(request.Image);
        if (request.Mount?.Trigger is { } trigger && (!request.Caller.IsRoot || trigger.Length > MaxTrigger))
        {
            throw new ImagedException(
                ErrorKind.PermissionDenied, "only root mounts by itself, with a short trigger; leave 'trigger' out");
        }

        if (request.Path.Length > MaxPath)
        {
            throw new ImagedException(ErrorKind.InvalidArgument, "the path is too long") { Field = "path" };
        }

        if (!identity.IsRegular && !identity.IsBlockDevice)
        {
            throw new ImagedException(
                ErrorKind.InvalidArgument, $"'{request.Path}' is neither a regular file nor a block device")
            {
                Field = "image",
            };
        }

        if (!HostPath.IsReadable(request.Image))
        {
            throw new ImagedException(ErrorKind.PermissionDenied, $"'{request.Path}' is not open for reading");
        }

        if (request.Directory is not null && !HostPath.Identify(request.Directory).IsDirectory)
        {
            throw new ImagedException(ErrorKind.InvalidArgument, "the image's directory is no directory")
            {
                Field = "directory",
            };
        }

        return identity;
    }

    private static PlanRequest CreatePlanRequest(AttachRequest request, bool mayUseKernel) => new()
    {
        Purpose = request.Mount is null ? PlanPurpose.Device : PlanPurpose.Tree,
        Via = request.Via,
        KernelTypes = KernelDrivers.ListUsable(),
        MayUseKernel = mayUseKernel,
        MustUseKernel = request.Mount?.View == MountView.Kernel,
    };

    // The worker was told; whether it listened is checked here.
    private static void RequireDriver(bool mayUseKernel, AttachPlan plan)
    {
        if (plan.KernelType is not null && !mayUseKernel)
        {
            throw new ImagedException(ErrorKind.PermissionDenied, "the kernel's drivers are for root's images only");
        }
    }

    private static AttachmentRecord CreateRecord(
        string id, AttachRequest request, FileIdentity identity, AttachPlan plan) => new()
    {
        Id = id,
        Image = request.Path,
        ImageInode = identity.Inode,
        ImageMajor = identity.Device.Major,
        ImageMinor = identity.Device.Minor,
        ImageSize = identity.Size,
        Owner = request.Caller.Uid,
        OwnerGroup = request.Caller.Gid,
        OwnerGroups = [.. request.Caller.Groups],
        Since = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
        Plan = plan,
        Options = request.Options with { Password = null },
        Trigger = request.Mount?.Trigger,
    };

    private void Execute(
        Attached attached, SafeFileHandle? file, MountPoint? named, MountAttributes attributes, bool mount)
    {
        AttachPlan plan = attached.Record.Plan;
        using MountPoint? made = mount && named is null
            ? _mountPoints.Make(plan.Label, Path.GetFileNameWithoutExtension(attached.Record.Image))
            : null;
        MountPoint? point = named ?? made;
        attached.Record = attached.Record with { MountPoint = point?.Path, OwnsMountPoint = point?.Owned ?? false };
        using Timer watchdog = new(_ => Abort(attached), null, Patience, Timeout.InfiniteTimeSpan);
        SafeFileHandle? fuse = plan.Kind == PlanKind.DirectLoop ? null : StartFuse(attached, attributes);
        using (fuse)
        {
            if (plan.Kind == PlanKind.FuseTree)
            {
                _records.Save(attached.Record);
                MountApi.Move(fuse!, point!.Directory);
                return;
            }

            // A loop device outlives a daemon that dies here: by this record, which has no number yet, it is found.
            _records.Save(attached.Record);
            using SafeFileHandle? served = fuse is null ? null : OpenServed(fuse, attached);
            AttachLoop(attached, served ?? file!, autoClear: mount);
        }

        // Saved before anything is to be seen under a name; a successor finds a device by its number and our text in
        // it.
        _records.Save(attached.Record);
        if (mount)
        {
            attached.Loop!.Unlock();
            MountKernel(attached, point!, attributes);
            attached.Loop!.Dispose(); // the mount holds it from now on, and takes it along when it goes
            attached.Loop = null;
        }
        else
        {
            AddPartitions(attached);
            attached.Loop!.Dispose();
            attached.Loop = null;
        }
    }

    // A FUSE file system that nobody sees yet, served by the worker.
    private SafeFileHandle StartFuse(Attached attached, MountAttributes attributes)
    {
        int wanted = _settings.Current.WorkerThreads;
        int threads = wanted > 0 ? wanted : Math.Clamp(Environment.ProcessorCount + 1, 2, 4);
        attached.Device = FuseDevice.Open();
        SafeFileHandle mount = MountApi.Create(
            "fuse",
            [
                new("source", "imaged:" + attached.Record.Id),
                new("subtype", "imaged"),
                new("fd", attached.Device.DangerousGetHandle().ToString(CultureInfo.InvariantCulture)),
                new("rootmode", "40000"),
                new("user_id", "0"),
                new("group_id", "0"),
                new("allow_other", null),
                new("default_permissions", null),
                new("ro", null),
            ],
            attributes | MountAttributes.ReadOnly);
        try
        {
            attached.Journal =
                attached.Worker!.Serve(attached.Device, null, threads, recover: false, attached.Record.Plan);
            DeviceNumber device = HostPath.Identify(mount).Device;
            FuseTuning.SetReadAhead(device.Major, device.Minor, FuseTuning.RecommendedReadAheadKib);
            attached.Record = attached.Record with
            {
                FuseMinor = device.Minor,
                Threads = threads,
                Worker = attached.Worker.Process.Pid,
                WorkerStarted = ChildProcess.StartTimeOf(attached.Worker.Process.Pid),
            };
            DescriptorStore.Store(attached);
            return mount;
        }
        catch
        {
            mount.Dispose();
            throw;
        }
    }

    private static SafeFileHandle OpenServed(SafeFileHandle mount, Attached attached) =>
        HostPath.OpenBeneath(mount, Path.GetFileName(attached.Record.Image));

    private void AttachLoop(Attached attached, SafeFileHandle file, bool autoClear)
    {
        AttachPlan plan = attached.Record.Plan;
        attached.Loop = LoopDevice.Attach(
            file,
            new LoopOptions(
                attached.Record.LoopName, plan.Offset, plan.Size, plan.SectorSize, ReadOnly: true, autoClear));
        attached.Record = attached.Record with { Loop = attached.Loop.Number };
        _marks.Add(attached.Loop.Number); // while it is locked: udev has not looked at it yet
    }

    private void AddPartitions(Attached attached)
    {
        List<int> added = [];
        foreach (PlanPartition partition in attached.Record.Plan.Partitions)
        {
            try
            {
                BlockDevice.AddPartition(attached.Loop!.Handle, partition.Number, partition.Offset, partition.Size);
                added.Add(partition.Number);
            }
            catch (LinuxException error)
            {
                // Overlapping, or not aligned to a sector: the disk is usable without it.
                _news.PartitionFailed(attached, partition.Number, error.Message);
            }
        }

        attached.Record = attached.Record with { Partitions = [.. added] };
        _records.Save(attached.Record);
    }

    private static void MountKernel(Attached attached, MountPoint point, MountAttributes attributes)
    {
        string type = attached.Record.Plan.KernelType!;
        LinuxException? first = null;
        foreach (IReadOnlyList<string> extra in KernelDrivers.OptionsOf(type))
        {
            try
            {
                List<KeyValuePair<string, string?>> options = [new("source", attached.DevicePath), new("ro", null)];
                options.AddRange(extra.Select(option => new KeyValuePair<string, string?>(option, null)));
                using SafeFileHandle mount = MountApi.Create(type, options, attributes);
                MountApi.Move(mount, point.Directory);
                return;
            }
            catch (LinuxException error)
            {
                first ??= error;
            }
        }

        throw new ImagedException(
            ErrorKind.HostError,
            $"the kernel refuses to mount it: {first!.Message}; --as tree shows the files without the kernel's driver")
        {
            Errno = first.Errno,
        };
    }

    private void EndWorker(Attached attached)
    {
        attached.Worker?.Dispose();
        attached.Worker = null;
        attached.Image?.Dispose();
        attached.Image = null;
        attached.Directory?.Dispose();
        attached.Directory = null;
        _launcher.Forget(attached.Record.Id);
    }

    private static void Abort(Attached attached)
    {
        attached.Worker?.Process.Kill();
        attached.Device?.Dispose();
    }

    private void Undo(Attached? attached, WorkerProcess worker, string id)
    {
        if (attached?.Loop is { } loop)
        {
            loop.Detach();
        }

        worker.Process.Kill();
        if (attached is null)
        {
            worker.Dispose();
        }
        else
        {
            string? made = attached.Record.OwnsMountPoint ? attached.Record.MountPoint : null;
            attached.IsGone = true;
            attached.Dispose();
            if (made is not null)
            {
                MountPoints.Remove(made);
            }
        }

        DescriptorStore.Remove(id);
        _records.Remove(id);
        _launcher.Forget(id);
    }
}
