using Imaged.Daemon.Recovery;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Workers;

/// <summary>A worker process and the connection to it. What it answers comes from a process that reads hostile images:
/// it is checked before it is used.</summary>
internal sealed class WorkerProcess : IDisposable
{
    // An index of a large image may have to be read; a worker that needs longer is stuck.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // A worker that has to read a whole file says now and then how far it is, and may do so for as long as this.
    private static readonly TimeSpan OpenLimit = TimeSpan.FromHours(1);

    private readonly VarlinkConnection _control;

    /// <summary>Takes ownership of the connection; the process belongs to the <see cref="WorkerWatcher"/>.</summary>
    public WorkerProcess(ChildProcess process, VarlinkConnection control)
    {
        Process = process;
        _control = control;
    }

    /// <summary>The process.</summary>
    public ChildProcess Process { get; }

    /// <summary>Opens an image in it.</summary>
    /// <param name="image">The image.</param>
    /// <param name="path">Its path.</param>
    /// <param name="options">How to open it.</param>
    /// <param name="password">What the password is read from; null for none.</param>
    public ImageInfo Open(SafeFileHandle image, string path, OpenOptions options, SafeFileHandle? password)
    {
        OpenParameters parameters = new()
        {
            Image = 0,
            Name = options.AllowOutside is true ? path : Path.GetFileName(path),
            Options = options with { Password = password is null ? null : 1 },
        };
        ImageInfo info = new();
        long end = Environment.TickCount64 + (long)OpenLimit.TotalMilliseconds;
        foreach (VarlinkReply<OpenReply> reply in _control.CallMore(
            WorkerInterface.Open, parameters, password is null ? [image] : [image, password], Patience))
        {
            using (reply)
            {
                info = reply.Value.Info;
            }

            if (Environment.TickCount64 > end)
            {
                throw new TimeoutException("the worker reads the image for too long");
            }
        }

        return info;
    }

    /// <summary>Asks for a plan.</summary>
    /// <returns>The plan, and the host file for a direct loop, which becomes the caller's.</returns>
    public (AttachPlan Plan, SafeFileHandle? File) Plan(PlanRequest request)
    {
        using VarlinkReply<PlanReply> reply =
            _control.Call(WorkerInterface.Plan, new PlanParameters { Request = request }, [], Patience);
        return (reply.Value.Plan, reply.Value.File is { } index ? reply.TakeDescriptor(index) : null);
    }

    /// <summary>Has it serve a FUSE connection.</summary>
    /// <param name="device">The connection.</param>
    /// <param name="journal">The request journal; null to make one.</param>
    /// <param name="threads">Serving threads.</param>
    /// <param name="recover">Whether a worker before it died.</param>
    /// <param name="plan">What it serves.</param>
    /// <returns>The journal, which becomes the caller's.</returns>
    public SafeFileHandle Serve(
        SafeFileHandle device, SafeFileHandle? journal, int threads, bool recover, AttachPlan plan)
    {
        ServeParameters parameters = new()
        {
            Device = 0,
            Journal = journal is null ? -1 : 1,
            Threads = threads,
            Recover = recover,
            Plan = plan,
        };
        using VarlinkReply<Nothing> reply = _control.Call(
            WorkerInterface.Serve, parameters, journal is null ? [device] : [device, journal], Patience);
        return reply.TakeDescriptor(0);
    }

    /// <summary>Asks a worker that another daemon started for its descriptors.</summary>
    public HeldDescriptors Handover()
    {
        using VarlinkReply<HandoverReply> reply = _control.Call(WorkerInterface.Handover, new Nothing(), [], Patience);
        HeldDescriptors held = new();
        try
        {
            held.Device = reply.TakeDescriptor(0);
            held.Journal = reply.TakeDescriptor(1);
            held.Image = reply.TakeDescriptor(2);
            held.Directory = reply.Value.Directory is { } directory ? reply.TakeDescriptor(directory) : null;
            held.Password = reply.Value.Password is { } password ? reply.TakeDescriptor(password) : null;
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Ends the connection; a worker that serves goes on, another one ends.</summary>
    public void Dispose() => _control.Dispose();
}
