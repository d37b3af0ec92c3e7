using Imaged.Ipc.Varlink;
using Json = Imaged.Ipc.Contract.ContractJson;

namespace Imaged.Ipc.Contract;

/// <summary>The methods of <c>io.imaged.Manager</c>.</summary>
public static class ManagerInterface
{
    /// <summary>Name of the interface.</summary>
    public const string Name = "io.imaged.Manager";

    /// <summary>Makes a block device of an image.</summary>
    public static VarlinkMethod<AttachParameters, AttachmentReply> Attach { get; } =
        new(Name + ".Attach", Json.Default.AttachParameters, Json.Default.AttachmentReply);

    /// <summary>Makes the files of an image visible.</summary>
    public static VarlinkMethod<MountParameters, AttachmentReply> Mount { get; } =
        new(Name + ".Mount", Json.Default.MountParameters, Json.Default.AttachmentReply);

    /// <summary>Undoes <see cref="Attach"/>.</summary>
    public static VarlinkMethod<DetachParameters, AttachmentReply> Detach { get; } =
        new(Name + ".Detach", Json.Default.DetachParameters, Json.Default.AttachmentReply);

    /// <summary>Undoes <see cref="Mount"/>.</summary>
    public static VarlinkMethod<UnmountParameters, AttachmentReply> Unmount { get; } =
        new(Name + ".Unmount", Json.Default.UnmountParameters, Json.Default.AttachmentReply);

    /// <summary>What is attached and mounted.</summary>
    public static VarlinkMethod<Nothing, AttachmentsReply> List { get; } =
        new(Name + ".List", Json.Default.Nothing, Json.Default.AttachmentsReply);

    /// <summary>What the daemon knows about its health and the host's.</summary>
    public static VarlinkMethod<Nothing, FindingsReply> Diagnose { get; } =
        new(Name + ".Diagnose", Json.Default.Nothing, Json.Default.FindingsReply);

    /// <summary>What happens, as it happens; more.</summary>
    public static VarlinkMethod<Nothing, MonitorReply> Monitor { get; } =
        new(Name + ".Monitor", Json.Default.Nothing, Json.Default.MonitorReply);

    /// <summary>Counters, for Prometheus.</summary>
    public static VarlinkMethod<Nothing, MetricsReply> Metrics { get; } =
        new(Name + ".Metrics", Json.Default.Nothing, Json.Default.MetricsReply);

    /// <summary>Whether the administrator lets something be mounted by itself, and how.</summary>
    public static VarlinkMethod<AutomountParameters, AutomountReply> Automount { get; } =
        new(Name + ".Automount", Json.Default.AutomountParameters, Json.Default.AutomountReply);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<VarlinkMethod> Methods { get; } =
        [Attach, Mount, Detach, Unmount, List, Diagnose, Monitor, Metrics, Automount];

    /// <summary>The interface in varlink's own language.</summary>
    public static string Description => InterfaceText.Read(Name);
}
