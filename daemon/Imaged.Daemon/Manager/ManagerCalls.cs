using Imaged.Daemon.Attachments;
using Imaged.Daemon.Config;
using Imaged.Daemon.Doctor;
using Imaged.Daemon.Events;
using Imaged.Daemon.Journal;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Manager;

/// <summary>The methods of <c>io.imaged.Manager</c>: each is checked against the policy first.</summary>
internal sealed class ManagerCalls
{
    private readonly AttachmentService _service;
    private readonly AccessPolicy _policy;
    private readonly Settings _settings;
    private readonly Diagnosis _diagnosis;
    private readonly EventHub _events;
    private readonly Func<string> _metrics;
    private readonly News _news;

    /// <summary>The methods on a service.</summary>
    public ManagerCalls(
        AttachmentService service,
        AccessPolicy policy,
        Settings settings,
        Diagnosis diagnosis,
        EventHub events,
        Func<string> metrics,
        News news)
    {
        _service = service;
        _policy = policy;
        _settings = settings;
        _diagnosis = diagnosis;
        _events = events;
        _metrics = metrics;
        _news = news;
    }

    /// <summary>The interface.</summary>
    public VarlinkInterface CreateInterface()
    {
        VarlinkInterface calls = new(ManagerInterface.Name, ManagerInterface.Description);
        calls.On(ManagerInterface.Attach, Guard<AttachParameters, AttachmentReply>(Attach));
        calls.On(ManagerInterface.Mount, Guard<MountParameters, AttachmentReply>(Mount));
        calls.On(ManagerInterface.Detach, Guard<DetachParameters, AttachmentReply>(Detach));
        calls.On(ManagerInterface.Unmount, Guard<UnmountParameters, AttachmentReply>(Unmount));
        calls.On(ManagerInterface.List, Guard<Nothing, AttachmentsReply>((call, _) =>
            new AttachmentsReply { Attachments = _service.List(call.Peer) }));
        calls.On(ManagerInterface.Diagnose, Guard<Nothing, FindingsReply>((call, _) =>
            new FindingsReply { Findings = _diagnosis.Run(call.Peer) }));
        calls.On(ManagerInterface.Monitor, (call, _) => Guard(call, () => MonitorCall.Run(call, _events)));
        calls.On(ManagerInterface.Metrics, Guard<Nothing, MetricsReply>((_, _) => new() { Text = _metrics() }));
        calls.On(ManagerInterface.Automount, Guard<AutomountParameters, AutomountReply>((_, parameters) =>
            AutomountPolicy.Decide(_settings.Current.Automount, parameters.Device)));
        return calls;
    }

    private Func<VarlinkCall, TParameters, TReply> Guard<TParameters, TReply>(
        Func<VarlinkCall, TParameters, TReply> handler) => (call, parameters) =>
    {
        TReply? reply = default;
        try
        {
            Guard(call, () => reply = handler(call, parameters));
            return reply!;
        }
        catch (VarlinkDisconnectedException error)
        {
            // The worker is gone, not the caller: its death is the image's doing.
            throw new ImagedException(ErrorKind.Failed, "the worker that reads the image ended unexpectedly", error);
        }
        catch (TimeoutException error)
        {
            throw new ImagedException(
                ErrorKind.Failed, "the worker that reads the image did not answer in time", error);
        }
    };

    private void Guard(VarlinkCall call, Action handler)
    {
        try
        {
            _policy.Check(call.Method, call.Peer);
            handler();
        }
        catch (ImagedException error)
        {
            _news.Refused(call.Peer, call.Method, error);
            throw;
        }
    }

    private AttachmentReply Attach(VarlinkCall call, AttachParameters parameters)
    {
        using SafeFileHandle image = call.TakeDescriptor(parameters.Image, "image");
        using SafeFileHandle? directory = call.TakeDescriptor(parameters.Directory, "directory");
        using SafeFileHandle? password = call.TakeDescriptor(parameters.Options.Password, "password");
        AttachRequest request = new(
            call.Peer, image, directory, parameters.Path, parameters.Options, parameters.Via, Mount: null, password);
        return new() { Attachment = _service.Attach(request) };
    }

    private AttachmentReply Mount(VarlinkCall call, MountParameters parameters)
    {
        using SafeFileHandle image = call.TakeDescriptor(parameters.Image, "image");
        using SafeFileHandle? directory = call.TakeDescriptor(parameters.Directory, "directory");
        using SafeFileHandle? target = call.TakeDescriptor(parameters.Target, "target");
        MountRequest mount = new(parameters.View, target, parameters.MountOptions, parameters.Trigger);
        using SafeFileHandle? password = call.TakeDescriptor(parameters.Options.Password, "password");
        AttachRequest request = new(
            call.Peer, image, directory, parameters.Path, parameters.Options, parameters.Via, mount, password);
        return new() { Attachment = _service.Attach(request) };
    }

    private AttachmentReply Detach(VarlinkCall call, DetachParameters parameters) => new()
    {
        Attachment = _service.Detach(call.Peer, parameters.What, Identify(call, parameters.Object)),
    };

    private AttachmentReply Unmount(VarlinkCall call, UnmountParameters parameters) => new()
    {
        Attachment = _service.Unmount(call.Peer, parameters.What, Identify(call, parameters.Object), parameters.Lazy),
    };

    // Closed at once: an open directory would keep its own mount busy.
    private static FileIdentity? Identify(VarlinkCall call, int? index)
    {
        using SafeFileHandle? handle = call.TakeDescriptor(index, "object");
        return handle is null ? null : HostPath.Identify(handle);
    }
}
