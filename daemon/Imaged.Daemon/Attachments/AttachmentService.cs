using Imaged.Daemon.Config;
using Imaged.Daemon.Journal;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Imaged.Linux.Sockets;

namespace Imaged.Daemon.Attachments;

/// <summary>What callers can have done: attach, mount, and undo it. Thread-safe.</summary>
internal sealed class AttachmentService
{
    // How long what was undone may take to be gone: a loop device that udev is looking at, a worker that ends.
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(10);

    private readonly AttachmentTable _table;
    private readonly Attacher _attacher;
    private readonly Caretaker _caretaker;
    private readonly AccessPolicy _policy;
    private readonly RecordStore _records;
    private readonly News _news;

    /// <summary>The service.</summary>
    public AttachmentService(
        AttachmentTable table,
        Attacher attacher,
        Caretaker caretaker,
        AccessPolicy policy,
        RecordStore records,
        News news)
    {
        _table = table;
        _attacher = attacher;
        _caretaker = caretaker;
        _policy = policy;
        _records = records;
        _news = news;
    }

    /// <summary>Attaches or mounts.</summary>
    public Attachment Attach(AttachRequest request)
    {
        string id = _table.Reserve(request.Caller.Uid);
        Attached attached;
        try
        {
            attached = _attacher.Attach(id, request);
        }
        catch
        {
            _table.Release(id);
            throw;
        }

        _table.Add(attached);
        _caretaker.Adopted(attached);
        _news.Attached(attached);
        return attached.Describe();
    }

    /// <summary>The attachments that a caller may see: his own, or all for root.</summary>
    public IReadOnlyList<Attachment> List(PeerCredentials caller)
    {
        _caretaker.Reconcile();
        return [.. _table.All.Where(a => caller.IsRoot || a.Record.Owner == caller.Uid).Select(a => a.Describe())];
    }

    /// <summary>Unmounts.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="what">An id, a directory, or an image.</param>
    /// <param name="identity">What the path refers to, if it could be opened.</param>
    /// <param name="lazy">Whether its users may go on.</param>
    public Attachment Unmount(PeerCredentials caller, string what, FileIdentity? identity, bool lazy)
    {
        _caretaker.Reconcile();
        Attached attached = Find(caller, what, identity, a => a.Record.MountPoint is not null, "mounted");
        Attachment result = attached.Describe();
        try
        {
            UnmountPatiently(attached, lazy);
        }
        catch (LinuxException error) when (error.Errno == Errno.EBUSY)
        {
            throw new ImagedException(
                ErrorKind.Busy,
                $"'{attached.Record.MountPoint}' is in use; "
                + $"see who uses it with 'fuser -vm {attached.Record.MountPoint}', or unmount it with --lazy",
                error);
        }
        catch (LinuxException error) when (error.Errno == Errno.EINVAL)
        {
            // Somebody else was faster; what is left of it is cleared away below.
        }

        _caretaker.Reconcile();
        if (lazy)
        {
            Hide(attached);
        }
        else
        {
            WaitUntilGone(attached);
        }

        return result;
    }

    // Unmounted but in use: its place is free for others from now on.
    private void Hide(Attached attached)
    {
        lock (attached.Lock)
        {
            AttachmentRecord record = attached.Record;
            if (attached.IsGone || record.MountPoint is null)
            {
                return;
            }

            attached.Record = record with { MountPoint = null, OwnsMountPoint = false };
            _records.Save(attached.Record);
            if (record.OwnsMountPoint)
            {
                MountPoints.Remove(record.MountPoint);
            }
        }
    }

    // The caller's own descriptor of the directory keeps the mount busy until the caller has closed it, which it does
    // right after sending it: that may be a moment after we have read the message.
    private static void UnmountPatiently(Attached attached, bool lazy)
    {
        for (int wait = 1; ; wait *= 2)
        {
            try
            {
                // None: somebody else was faster; what is left of it is cleared away later.
                if (attached.FindMount() is not { } mount || MountApi.TryUnmount(mount, lazy))
                {
                    return;
                }

                if (wait > 64)
                {
                    throw new ImagedException(
                        ErrorKind.Busy,
                        $"something else is mounted over it on '{mount.Path}'; unmount that first with: "
                        + $"umount {mount.Path}");
                }
            }
            catch (LinuxException error) when (error.Errno == Errno.EBUSY && wait <= 64)
            {
                // Once more, in a moment.
            }

            // The kernel tells nobody when the last user of a mount or device is gone.
            Thread.Sleep(wait);
        }
    }

    /// <summary>Detaches a block device.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="what">An id, a device, or an image.</param>
    /// <param name="identity">What the path refers to, if it could be opened.</param>
    public Attachment Detach(PeerCredentials caller, string what, FileIdentity? identity)
    {
        _caretaker.Reconcile();
        Attached attached = Find(caller, what, identity, a => a.Record.Loop is not null, "attached");
        if (attached.Record.MountPoint is { } mountPoint)
        {
            throw new ImagedException(
                ErrorKind.Busy, $"it is mounted on '{mountPoint}'; unmount it with: imagectl umount {mountPoint}");
        }

        string device = attached.DevicePath!;
        MountEntry? mount = MountTable.Read().FirstOrDefault(entry =>
            entry.Source == device || entry.Source.StartsWith(device + "p", StringComparison.Ordinal));
        if (mount is not null)
        {
            throw new ImagedException(
                ErrorKind.Busy, $"'{mount.Source}' is mounted on '{mount.Path}'; unmount it with: umount {mount.Path}");
        }

        Attachment result = attached.Describe();
        using (LoopDevice? loop = LoopDevice.Open(attached.Record.Loop!.Value))
        {
            if (loop is not null)
            {
                Detach(loop);
            }
        }

        WaitUntilGone(attached);
        return result;
    }

    private static void Detach(LoopDevice loop)
    {
        try
        {
            loop.Detach();
        }
        catch (LinuxException error) when (error.Errno == Errno.EBUSY)
        {
            throw new ImagedException(
                ErrorKind.Busy,
                $"a partition of '{loop.Path}' is in use; see who uses it with: fuser -v {loop.Path}p*",
                error);
        }
    }

    private static bool Matches(Attached attached, string what, FileIdentity? identity)
    {
        AttachmentRecord record = attached.Record;
        if (record.Id == what || record.MountPoint == what || attached.DevicePath == what
            || record.Partitions.Any(number => what == FormattableString.Invariant($"{attached.DevicePath}p{number}")))
        {
            return true;
        }

        return identity is { } file && !file.IsDirectory
            && file.Inode == record.ImageInode
            && file.Device == new DeviceNumber(record.ImageMajor, record.ImageMinor);
    }

    private Attached Find(
        PeerCredentials caller, string what, FileIdentity? identity, Predicate<Attached> fits, string state)
    {
        List<Attached> matches = [.. _table.All.Where(a => Matches(a, what, identity))];
        List<Attached> fitting = [.. matches.Where(a => fits(a))];
        if (fitting.Count == 0)
        {
            throw new ImagedException(
                ErrorKind.NothingToDo, $"'{what}' is not {state} by imaged; see what is with: imagectl list");
        }

        // Others' attachments are not told apart from what is not there, unless nothing else is meant.
        List<Attached> own = [.. fitting.Where(a => caller.IsRoot || a.Record.Owner == caller.Uid)];
        if (own.Count == 0)
        {
            _policy.RequireOwner(fitting[0].Record.Owner, caller);
            own = fitting;
        }

        if (own.Count > 1)
        {
            string[] ids = [.. own.Select(a => a.Record.Id)];
            throw new ImagedException(
                ErrorKind.Ambiguous,
                $"'{what}' is {state} more than once, name one by its id: {string.Join(", ", ids)}")
            {
                Choices = ids,
            };
        }

        return own[0];
    }

    private void WaitUntilGone(Attached attached)
    {
        bool gone = _caretaker.WaitUntilGone(attached, Settle);
        if (!gone)
        {
            throw new ImagedException(
                ErrorKind.Busy,
                $"'{attached.DevicePath ?? attached.Record.MountPoint}' is still in use; "
                + "it goes as soon as its last user does");
        }
    }
}
