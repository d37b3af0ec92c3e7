using Imaged.Daemon.Attachments;
using Imaged.Daemon.Workers;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Recovery;

/// <summary>Finds what daemons before this one attached, and takes it over: descriptors from the service manager or from the
/// workers, everything else from records and the kernel. What has no record of ours is not touched.</summary>
internal sealed class TakeOver
{
    private readonly AttachmentTable _table;
    private readonly Caretaker _caretaker;
    private readonly IWorkerLauncher _launcher;
    private readonly RecordStore _records;
    private readonly ILogger _logger;

    /// <summary>A take-over into <paramref name="table"/>.</summary>
    public TakeOver(
        AttachmentTable table, Caretaker caretaker, IWorkerLauncher launcher, RecordStore records, ILogger logger)
    {
        _table = table;
        _caretaker = caretaker;
        _launcher = launcher;
        _records = records;
        _logger = logger;
    }

    /// <summary>Takes over; to be called once, before callers are let in.</summary>
    /// <param name="stored">Descriptors from the service manager by attachment; they become the attachments'.</param>
    public void Run(Dictionary<string, List<SafeFileHandle>> stored)
    {
        foreach (AttachmentRecord record in
            _records.Load((file, why) => DaemonLog.RecordDropped(_logger, Path.GetFileName(file), why)))
        {
            stored.Remove(record.Id, out List<SafeFileHandle>? handles);
            try
            {
                Take(record, handles);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                // One that cannot be taken over does not keep the others from it.
                DaemonLog.Fault(_logger, $"taking over {record.Id}", error.Message, error);
                Abandon(record, error.Message);
            }
        }

        foreach ((string id, List<SafeFileHandle> handles) in stored)
        {
            handles.ForEach(handle => handle.Dispose());
            DescriptorStore.Remove(id);
        }
    }

    private void Take(AttachmentRecord record, List<SafeFileHandle>? handles)
    {
        Attached attached = new(record);
        if (record.Plan.Kind == PlanKind.DirectLoop)
        {
            _table.Add(attached);
            _caretaker.Reconcile();
            if (!attached.IsGone)
            {
                DaemonLog.TakenOver(_logger, record.Id, Text.Escape(record.Image));
            }

            return;
        }

        WorkerProcess? worker = record.Worker is { } pid ? _launcher.Adopt(record.Id, pid, record.WorkerStarted) : null;
        handles ??= worker is null ? [] : [.. worker.Handover()];
        if (handles.Count < 3)
        {
            handles.ForEach(handle => handle.Dispose());
            worker?.Process.Kill();
            worker?.Dispose();
            Abandon(record, "nobody held its connection");
            return;
        }

        attached.Device = handles[0];
        attached.Journal = handles[1];
        attached.Image = handles[2];
        attached.Directory = handles.Count > 3 ? handles[3] : null;
        attached.Worker = worker;
        DescriptorStore.Remove(record.Id);
        DescriptorStore.Store(attached);
        _table.Add(attached);
        if (Poller.HasError(attached.Device))
        {
            _caretaker.Reconcile();
            return;
        }

        DaemonLog.TakenOver(_logger, record.Id, Text.Escape(record.Image));
        if (worker is null)
        {
            lock (attached.Lock)
            {
                _caretaker.Replace(attached);
            }
        }
        else
        {
            _caretaker.Adopted(attached);
        }
    }

    // The connection died with the last one who held it: what hangs on it can only be cleared away.
    private void Abandon(AttachmentRecord record, string why)
    {
        lock (_records)
        {
            Attached attached = new(record);
            _caretaker.GiveUp(attached, why);
        }
    }
}
