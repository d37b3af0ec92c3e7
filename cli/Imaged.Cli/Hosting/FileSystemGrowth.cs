namespace Imaged.Cli.Hosting;

/// <summary>How a file system is made as long as its device: by its own programs.</summary>
internal sealed class FileSystemGrowth
{
    // In a mount namespace of its own, which goes with the process: no mount is left, whatever happens.
    private const string Mounted = "mount -t $0 -o $1 -- \"$2\" /mnt && shift 2 && exec \"$@\"";

    private static readonly HostTool Unshare = new("unshare", "util-linux");
    private static readonly HostTool Check = new("e2fsck", "e2fsprogs");
    private static readonly HostTool Ext = new("resize2fs", "e2fsprogs");
    private static readonly HostTool Xfs = new("xfs_growfs", "xfsprogs");
    private static readonly HostTool Btrfs = new("btrfs", "btrfs-progs");
    private static readonly HostTool Ntfs = new("ntfsresize", "ntfs-3g");
    private static readonly HostTool F2fs = new("resize.f2fs", "f2fs-tools");

    private static readonly FileSystemGrowth[] All =
    [
        new(["ext2", "ext3", "ext4"], [Check, Ext], device =>
        {
            // 1: something was put right.
            Check.Run(["-f", "-p", device], lastGood: 1);
            Ext.Run([device]);
        }),
        new(["xfs"], [Unshare, Xfs], device => RunMounted("xfs", "nouuid", device, Xfs, ["-d", "/mnt"])),
        new(["btrfs"], [Unshare, Btrfs], device =>
            RunMounted("btrfs", "noatime", device, Btrfs, ["filesystem", "resize", "max", "/mnt"])),

        // Twice: without a question.
        new(["ntfs3"], [Ntfs], device => Ntfs.Run(["--force", "--force", "--no-progress-bar", device])),
        new(["f2fs"], [F2fs], device => F2fs.Run([device])),
    ];

    private readonly string[] _types;
    private readonly Action<string> _run;

    private FileSystemGrowth(string[] types, HostTool[] tools, Action<string> run)
    {
        _types = types;
        Tools = tools;
        _run = run;
    }

    /// <summary>The programs that it takes.</summary>
    public IReadOnlyList<HostTool> Tools { get; }

    /// <summary>How one with this driver of the kernel grows; null when there is no program for it.</summary>
    public static FileSystemGrowth? Find(string? kernelType) =>
        All.FirstOrDefault(growth => growth._types.Contains(kernelType));

    /// <summary>Makes the file system on a device as long as the device.</summary>
    /// <exception cref="CliException">It could not be done.</exception>
    public void Run(string device) => _run(device);

    private static void RunMounted(
        string type, string options, string device, HostTool tool, IReadOnlyList<string> arguments) =>
        Unshare.Run(
            ["--mount", "sh", "-c", Mounted, type, $"nosuid,nodev,noexec,{options}", device, tool.Name, .. arguments]);
}
