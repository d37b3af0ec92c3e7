using Imaged.Daemon.Journal;
using Imaged.Daemon.Recovery;
using Imaged.Daemon.Workers;
using Imaged.Linux;
using Imaged.Ipc.Contract;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Attachments;

/// <summary>Keeps attachments and the kernel in agreement: replaces workers that died, clears away what is over. The
/// kernel is the truth.</summary>
internal sealed class Caretaker
{
    // A worker that dies this often in this time dies of the image: its users get an error instead of waiting for ever.
    // One that was killed from outside counts, too: nobody kills that often by mistake.
    private const int MaxLosses = 30;
    private const long LossWindow = 60_000;

    private readonly AttachmentTable _table;
    private readonly IWorkerLauncher _launcher;
    private readonly RecordStore _records;
    private readonly News _news;
    private readonly object _goneLock = new();

    /// <summary>A caretaker.</summary>
    public Caretaker(AttachmentTable table, IWorkerLauncher launcher, RecordStore records, News news)
    {
        _table = table;
        _launcher = launcher;
        _records = records;
        _news = news;
        _launcher.Ended += OnWorkerEnded;
        _table.Changed += () => _launcher.KeepSpare(_table.IsAnyServed);
    }

    /// <summary>An attachment is in the table now: what happened to it meanwhile is looked after.</summary>
    public void Adopted(Attached attached)
    {
        if (attached.Worker is { } worker
            && ChildProcess.StartTimeOf(worker.Process.Pid) != attached.Record.WorkerStarted)
        {
            OnWorkerEnded(attached.Record.Id, worker.Process);
        }
    }

    /// <summary>Compares all attachments with the kernel and clears away those that are over.</summary>
    public void Reconcile()
    {
        // Asked for each attachment, never by reading the mount table: that has a line for each of them, and changes
        // with each.
        foreach (Attached attached in _table.All)
        {
            // One that is being changed is looked after by whoever changes it.
            if (!Monitor.TryEnter(attached.Lock))
            {
                continue;
            }

            try
            {
                if (!attached.IsGone && FindEnd(attached) is { } why)
                {
                    Clear(attached, why);
                }
            }
            finally
            {
                Monitor.Exit(attached.Lock);
            }
        }
    }

    /// <summary>Waits until an attachment is over and cleared away.</summary>
    public bool WaitUntilGone(Attached attached, TimeSpan time)
    {
        long end = Environment.TickCount64 + (long)time.TotalMilliseconds;
        while (!attached.IsCleared)
        {
            long left = end - Environment.TickCount64;
            if (left <= 0)
            {
                return false;
            }

            // The end of a worker or a change of the mount table wakes this; a loop device goes without a sound.
            lock (_goneLock)
            {
                Monitor.Wait(_goneLock, (int)Math.Min(left, 5));
            }

            Reconcile();
        }

        return true;
    }

    /// <summary>Gives an attachment up: its users get errors, its mounts go.</summary>
    public void GiveUp(Attached attached, string why)
    {
        _news.GivenUp(attached, why);
        attached.State = AttachmentState.Failed;
        attached.Worker?.Process.Kill();
        attached.Device?.Dispose(); // the last descriptor: the kernel ends the connection, waiting readers get an error
        if (attached.FindMount() is { } mount)
        {
            TryUnmount(mount);
        }

        if (attached.Record.Loop is { } number)
        {
            using LoopDevice? loop = LoopDevice.Open(number);
            if (loop?.TryGetStatus()?.Name == attached.Record.LoopName)
            {
                TryDetach(loop);
            }
        }

        Clear(attached, why);
    }

    private static void TryDetach(LoopDevice loop)
    {
        try
        {
            loop.Detach();
        }
        catch (LinuxException)
        {
            // A partition is in use; its reads fail, and whoever uses it has to let go.
        }
    }

    private static void TryUnmount(MountEntry mount)
    {
        try
        {
            // Where something is mounted over it, it stays, and reading it ends in errors.
            MountApi.TryUnmount(mount, lazy: true);
        }
        catch (LinuxException)
        {
            // Unmounted meanwhile.
        }
    }

    // Why an attachment is over; null when it is not.
    private static string? FindEnd(Attached attached)
    {
        AttachmentRecord record = attached.Record;
        if (record.Loop is { } number)
        {
            if (!IsOurs(number, record.LoopName))
            {
                return "its loop device was detached";
            }

            // A mount that was moved or unmounted by others: the loop device goes with it, by itself.
            return null;
        }

        return attached.Device is { } device && Poller.HasError(device) ? "it was unmounted" : null;
    }

    private static bool IsOurs(int number, string name)
    {
        if (!LoopDevice.IsAttached(number))
        {
            return false;
        }

        using LoopDevice? loop = LoopDevice.Open(number);
        return loop?.TryGetStatus()?.Name == name;
    }

    private void OnWorkerEnded(string id, ChildProcess process)
    {
        Attached? attached = _table.All.FirstOrDefault(a => a.Record.Id == id);
        if (attached is null)
        {
            return;
        }

        lock (attached.Lock)
        {
            if (attached.IsGone || attached.Worker?.Process != process)
            {
                return;
            }

            if (attached.Device is null || Poller.HasError(attached.Device))
            {
                Clear(attached, "it was unmounted");
                return;
            }

            _news.WorkerLost(attached, process.Pid);
            Replace(attached);
        }
    }

    /// <summary>Starts a worker for an attachment whose last one is dead, until one stays or there were too
    /// many.</summary>
    public void Replace(Attached attached)
    {
        attached.State = AttachmentState.Recovering;
        while (true)
        {
            attached.Worker?.Dispose();
            attached.Worker = null;
            long now = Environment.TickCount64;
            attached.Losses.RemoveAll(time => time < now - LossWindow);
            attached.Losses.Add(now);
            if (attached.Losses.Count > MaxLosses)
            {
                GiveUp(attached, "its workers die one after the other");
                return;
            }

            try
            {
                StartSuccessor(attached);
                attached.State = AttachmentState.Active;
                _news.WorkerReplaced(attached, attached.Worker!.Process.Pid);
                return;
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                _news.Fault($"{attached.Record.Id}: replacing its worker", error);
                attached.Worker?.Process.Kill();
            }
        }
    }

    private void StartSuccessor(Attached attached)
    {
        AttachmentRecord record = attached.Record;
        FileIdentity identity = HostPath.Identify(attached.Image!);
        if (identity.Size != record.ImageSize)
        {
            throw new IOException(
                $"the image was {record.ImageSize} bytes long when it was attached and is {identity.Size} now");
        }

        WorkerIdentity owner = new(record.Owner, record.OwnerGroup, record.OwnerGroups);
        WorkerProcess worker = _launcher.Start(record.Id, owner, attached.Directory, isUrgent: true);
        attached.Worker = worker;

        // Saved before it serves: should we die now, our successor must know whom to ask or to wait for. Two workers on
        // one journal would overwrite each other's requests.
        attached.Record = record with
        {
            Worker = worker.Process.Pid,
            WorkerStarted = ChildProcess.StartTimeOf(worker.Process.Pid),
            Restarts = record.Restarts + 1,
        };
        _records.Save(attached.Record);
        worker.Open(attached.Image!, record.Image, record.Options, attached.Password);
        SafeFileHandle journal =
            worker.Serve(attached.Device!, attached.Journal, record.Threads, recover: true, record.Plan);
        journal.Dispose();
    }

    // Under the attachment's lock.
    private void Clear(Attached attached, string why)
    {
        if (attached.IsGone)
        {
            return;
        }

        attached.IsGone = true;
        string id = attached.Record.Id;
        DescriptorStore.Remove(id);
        _news.Ending(attached);
        attached.Dispose();
        if (attached is { Record: { OwnsMountPoint: true, MountPoint: { } path } })
        {
            MountPoints.Remove(path);
        }

        _records.Remove(id);
        _launcher.Forget(id);
        _table.Remove(id);
        attached.IsCleared = true;
        lock (_goneLock)
        {
            Monitor.PulseAll(_goneLock);
        }

        _news.Detached(attached, why);
    }
}
