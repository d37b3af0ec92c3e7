using Imaged.Daemon.Attachments;
using Imaged.Daemon.Journal;
using Imaged.Daemon.Workers;
using Imaged.Ipc.Contract;
using Imaged.Linux;

namespace Imaged.Daemon.Recovery;

/// <summary>Finds what daemons before this one attached, and takes it over: descriptors from the service manager or
/// from the workers, everything else from records and the kernel. What has no record of ours is not touched.</summary>
internal sealed class TakeOver
{
    private readonly AttachmentTable _table;
    private readonly Caretaker _caretaker;
    private readonly IWorkerLauncher _launcher;
    private readonly RecordStore _records;
    private readonly News _news;

    /// <summary>A take-over into <paramref name="table"/>.</summary>
    public TakeOver(
        AttachmentTable table, Caretaker caretaker, IWorkerLauncher launcher, RecordStore records, News news)
    {
        _table = table;
        _caretaker = caretaker;
        _launcher = launcher;
        _records = records;
        _news = news;
    }

    /// <summary>Takes over; to be called once, before callers are let in.</summary>
    /// <param name="stored">Descriptors from the service manager by attachment; they become the attachments'.</param>
    public void Run(Dictionary<string, HeldDescriptors> stored)
    {
        foreach (AttachmentRecord record in
            _records.Load((file, why) => _news.RecordDropped(file, why)))
        {
            stored.Remove(record.Id, out HeldDescriptors? held);
            Attached attached = new(record);
            try
            {
                Take(attached, held);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                // One that cannot be taken over does not keep the others from it.
                _news.Fault($"taking over {record.Id}", error);
                Abandon(attached, error.Message);
            }
        }

        foreach ((string id, HeldDescriptors held) in stored)
        {
            held.Dispose();
            DescriptorStore.Remove(id);
        }
    }

    private void Take(Attached attached, HeldDescriptors? stored)
    {
        AttachmentRecord record = attached.Record;
        if (record.Plan.Kind != PlanKind.FuseTree && record.Loop is null)
        {
            stored?.Dispose();
            ClearUnfinished(attached);
            return;
        }

        if (record.Plan.Kind == PlanKind.DirectLoop)
        {
            stored?.Dispose();
            _table.Add(attached);
            _caretaker.Reconcile();
            if (!attached.IsGone)
            {
                _news.TakenOver(attached);
            }

            return;
        }

        attached.Worker =
            record.Worker is { } pid ? _launcher.Adopt(record.Id, pid, record.WorkerStarted) : null;
        if (!TryHold(attached, stored))
        {
            Abandon(attached, "nobody held its connection");
            return;
        }

        _table.Add(attached);
        lock (attached.Lock)
        {
            if (Poller.HasError(attached.Device!))
            {
                _caretaker.Reconcile();
                if (!attached.IsGone)
                {
                    _caretaker.GiveUp(attached, "its connection has ended");
                }

                return;
            }

            _news.TakenOver(attached);
            if (attached.Worker is null)
            {
                _caretaker.Replace(attached);
                return;
            }
        }

        _caretaker.Adopted(attached);
    }

    // Its daemon died before anybody was told of it.
    private void ClearUnfinished(Attached attached)
    {
        AttachmentRecord record = attached.Record;
        attached.Worker = record.Worker is { } pid ? _launcher.Adopt(record.Id, pid, record.WorkerStarted) : null;
        attached.Record = record with { Loop = LoopDevice.FindByName(record.LoopName) };
        Abandon(attached, "its daemon died while it attached it");
    }

    // What the service manager kept is whole and stays with it; what a worker held is stored now.
    private static bool TryHold(Attached attached, HeldDescriptors? stored)
    {
        bool isStored = stored is { IsComplete: true };
        if (!isStored)
        {
            stored?.Dispose();
            stored = attached.Worker is null ? null : attached.Worker.Handover();
            if (stored is not { IsComplete: true })
            {
                stored?.Dispose();
                return false;
            }
        }

        attached.Device = stored!.Device;
        attached.Journal = stored.Journal;
        attached.Image = stored.Image;
        attached.Directory = stored.Directory;
        attached.Password = stored.Password;
        if (!isStored)
        {
            DescriptorStore.Remove(attached.Record.Id);
            DescriptorStore.Store(attached);
        }

        return true;
    }

    // The connection died with the last one who held it: what hangs on it can only be cleared away.
    private void Abandon(Attached attached, string why)
    {
        lock (attached.Lock)
        {
            _caretaker.GiveUp(attached, why);
        }
    }
}
