using System.Text;
using Imaged.Ipc.Contract;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>Takes from a disk that was copied what makes two machines the same one: what systemd and sshd know the
/// machine by; and changes the ids of partitions where they are named.</summary>
internal sealed class FreshIdentity
{
    // Those that root file systems and boot partitions are made with, and that can be written to.
    private static readonly string[] RootTypes = ["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"];
    private const string BootType = "vfat";
    private const int MaxHostName = 64; // HOST_NAME_MAX

    // Subvolumes that distributions put their root into, seen from the top of a Btrfs.
    private static readonly string[] Prefixes = ["", "@/", "@rootfs/", "root/"];

    // Where the ids of partitions are named, seen from the root, from /boot or from an EFI system partition.
    private static readonly string[] Namers =
    [
        "etc/fstab", "etc/crypttab", "etc/default/grub", "etc/kernel/cmdline", "boot/cmdline.txt",
        "boot/firmware/cmdline.txt", "cmdline.txt", "boot/grub/grub.cfg", "grub/grub.cfg", "boot/grub2/grub.cfg",
        "grub2/grub.cfg", "boot/extlinux/extlinux.conf", "extlinux/extlinux.conf", "boot/syslinux/syslinux.cfg",
        "syslinux/syslinux.cfg", "syslinux.cfg",
    ];

    private static readonly string[] NamerFolders =
        ["boot/loader/entries", "loader/entries", "etc/default/grub.d", "boot/efi/loader/entries"];

    private readonly IReadOnlyList<RestoredVolume> _volumes;
    private readonly string? _hostName;

    /// <summary>For a disk.</summary>
    /// <param name="volumes">What was written to it.</param>
    /// <param name="hostName">What the machine is to be called; null for no name.</param>
    public FreshIdentity(IReadOnlyList<RestoredVolume> volumes, string? hostName)
    {
        _volumes = volumes;
        _hostName = hostName;
    }

    /// <summary>Whether it is a name that a machine can have (hostname(7)).</summary>
    public static bool IsHostName(string name) => name.Length <= MaxHostName && name.Split('.').All(label =>
        label.Length > 0 && label[0] != '-' && label[^1] != '-'
        && label.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'));

    /// <summary>Changes a disk.</summary>
    /// <param name="target">What became of it; gets what is done.</param>
    /// <param name="disk">The disk.</param>
    /// <exception cref="IOException">A file system cannot be mounted or written to.</exception>
    public void Apply(RestoredTarget target, SafeFileHandle disk)
    {
        List<string> steps = [.. target.Steps];
        int roots = 0;
        foreach (RestoredVolume volume in _volumes)
        {
            bool mayBeRoot = RootTypes.Contains(volume.KernelType);
            if (!mayBeRoot && (volume.KernelType != BootType || target.Ids.Count == 0))
            {
                continue;
            }

            long length = target.Grown is { } grown && grown.Partition == volume.Partition
                ? grown.Length
                : volume.Length;
            string where = volume.Partition is { } number ? $"partition {number}: " : string.Empty;
            using TargetVolume device = TargetVolume.Attach(disk, volume, length);
            using SafeFileHandle root = device.Mount(volume.KernelType!);
            foreach (string prefix in volume.KernelType == "btrfs" ? Prefixes : [""])
            {
                TargetTree tree = new(root, prefix);
                List<string> done = [];
                ChangeIds(tree, target.Ids, done);
                if (mayBeRoot && (tree.Has("etc/machine-id") || tree.Has("usr/lib/os-release")))
                {
                    roots++;
                    Reset(tree, done);
                }

                steps.AddRange(done.Select(step => $"{where}/{prefix}{step}"));
            }
        }

        if (roots == 0)
        {
            steps.Add("there is no root file system of Linux in its partitions: machine-id, keys and name stay");
        }

        target.Steps = steps;
    }

    private static void ChangeIds(TargetTree tree, IReadOnlyList<ChangedId> ids, List<string> done)
    {
        IEnumerable<string> inFolders = NamerFolders.SelectMany(
            folder => tree.ListFiles(folder).Select(name => $"{folder}/{name}"));
        IEnumerable<string> byVendor = tree.ListDirectories("EFI").Select(vendor => $"EFI/{vendor}/grub.cfg");
        foreach (string path in ids.Count == 0 ? [] : Namers.Concat(inFolders).Concat(byVendor))
        {
            if (tree.TryRead(path) is not { } text)
            {
                continue;
            }

            string changed = ids.Aggregate(
                text, (current, id) => current.Replace(id.Old, id.New, StringComparison.OrdinalIgnoreCase));
            if (changed != text && tree.TryOverwrite(path, changed))
            {
                done.Add($"{path}: the new ids of partitions");
            }
        }
    }

    private void Reset(TargetTree tree, List<string> done)
    {
        // machine-id(5): the next start makes a new one. Not "uninitialized", which would have systemd apply its
        // presets, and so enable units that somebody has disabled.
        if (tree.TryOverwrite("etc/machine-id", string.Empty))
        {
            done.Add("etc/machine-id: empty");
        }

        foreach ((string folder, string name) in (ReadOnlySpan<(string, string)>)
            [("var/lib/dbus", "machine-id"), ("var/lib/systemd", "random-seed")])
        {
            if (tree.TryRemove(folder, name))
            {
                done.Add($"{folder}/{name}: removed");
            }
        }

        ResetKeys(tree, done);
        ResetName(tree, done);
    }

    // Nobody makes them on Debian when they are missing, and sshd does not start without.
    private static void ResetKeys(TargetTree tree, List<string> done)
    {
        const string Folder = "etc/ssh";
        foreach (string name in tree.ListFiles(Folder).Where(SshKey.IsPrivateName))
        {
            string publicName = name + ".pub";
            if (!tree.TryRemove(Folder, name))
            {
                continue;
            }

            bool hadPublic = tree.TryRemove(Folder, publicName);
            if (SshKey.TryMake(name) is not { } key)
            {
                done.Add($"{Folder}/{name}: removed; sshd needs ssh-keygen -A before it starts");
                continue;
            }

            tree.Create(Folder, name, key.Private, isPrivate: true);
            if (hadPublic)
            {
                tree.Create(Folder, publicName, key.Public, isPrivate: false);
            }

            done.Add($"{Folder}/{name}: a new key");
        }
    }

    private void ResetName(TargetTree tree, List<string> done)
    {
        if (_hostName is null)
        {
            if (tree.TryOverwrite("etc/hostname", string.Empty))
            {
                done.Add("etc/hostname: empty");
            }

            return;
        }

        tree.Create("etc", "hostname", Encoding.ASCII.GetBytes(_hostName + "\n"), isPrivate: false);
        done.Add($"etc/hostname: {_hostName}");
    }
}
