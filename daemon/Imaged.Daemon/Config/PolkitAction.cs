namespace Imaged.Daemon.Config;

/// <summary>The actions of packaging/polkit/io.imaged.policy: what members of the group may do only when polkit says
/// so.</summary>
internal static class PolkitAction
{
    /// <summary>Make a block device of an image.</summary>
    public const string Attach = "io.imaged.attach";

    /// <summary>Have an image that is not root's read by the kernel's own drivers.</summary>
    public const string KernelMount = "io.imaged.kernel-mount";

    /// <summary>Mount on a directory that is neither one's own nor below the media directory.</summary>
    public const string MountElsewhere = "io.imaged.mount-elsewhere";

    /// <summary>End what others have attached.</summary>
    public const string OthersAttachments = "io.imaged.others-attachments";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Attach, KernelMount, MountElsewhere, OthersAttachments];
}
