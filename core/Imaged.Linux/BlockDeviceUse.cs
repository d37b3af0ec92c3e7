using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Linux;

/// <summary>Who uses a block device, as sysfs, mountinfo and <c>/proc/swaps</c> tell it.</summary>
/// <param name="Device">Path of the device that is used: the device itself, a partition of it, or what lies on
/// it.</param>
/// <param name="What">How, for people: <c>mounted at '/srv'</c>.</param>
/// <param name="IsReadOnly">Whether it cannot be changed by that.</param>
public sealed record BlockDeviceUse(string Device, string What, bool IsReadOnly)
{
    /// <summary>The mount, when it is one.</summary>
    public MountEntry? Mount { get; init; }

    /// <summary>All uses of a device, of its partitions, and of the devices that lie on them (LVM, RAID,
    /// encryption).</summary>
    public static IReadOnlyList<BlockDeviceUse> Of(DeviceNumber device)
    {
        Dictionary<DeviceNumber, string> devices = [];
        Collect(SysfsFolder(device), devices);
        List<BlockDeviceUse> uses = [];
        foreach (MountEntry mount in MountTable.Read())
        {
            // A Btrfs mount has a device number of its own, but names a device as its source.
            DeviceNumber used = devices.ContainsKey(mount.Device) ? mount.Device : NumberOf(mount.Source);
            if (devices.TryGetValue(used, out string? name))
            {
                uses.Add(new(name, $"mounted at '{mount.Path}'", mount.IsReadOnly) { Mount = mount });
            }
        }

        foreach (string line in File.ReadLines("/proc/swaps").Skip(1))
        {
            string path = MountTable.Unescape(line.Split(' ', '\t')[0]);
            if (devices.TryGetValue(NumberOf(path), out string? name))
            {
                uses.Add(new(name, "in use as swap", false));
            }
        }

        return uses;
    }

    /// <summary>A use that is not to be seen from here: the kernel has given a device, or a partition of it, to one
    /// holder alone, which is none of those that are known. It is mounted in another container, or is a further device
    /// of a file system.</summary>
    /// <param name="device">The device, which nobody here has opened for himself alone.</param>
    /// <param name="known">Its uses, as <see cref="Of"/> tells them.</param>
    public static BlockDeviceUse? FindHidden(DeviceNumber device, IReadOnlyList<BlockDeviceUse> known)
    {
        Dictionary<DeviceNumber, string> devices = [];
        Collect(SysfsFolder(device), devices);
        foreach ((DeviceNumber number, string path) in devices)
        {
            // Who has partitions, or is part of another device, is held by these.
            string folder = SysfsFolder(number);
            bool isHeld = Partitions(folder).Any() || Holders(folder).Any()
                || known.Any(use => use.Device == path);
            if (!isHeld && BlockDevice.IsClaimed(path))
            {
                return new(path, "in use by another program, or mounted in another container", IsReadOnly: false);
            }
        }

        return null;
    }

    private static string SysfsFolder(DeviceNumber device)
    {
        string link = $"/sys/dev/block/{device}";
        return File.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName ?? link;
    }

    private static void Collect(string folder, Dictionary<DeviceNumber, string> devices)
    {
        if (!TryReadNumber(Path.Combine(folder, "dev"), out DeviceNumber number)
            || !devices.TryAdd(number, "/dev/" + Path.GetFileName(folder).Replace('!', '/')))
        {
            return;
        }

        foreach (string part in Partitions(folder).Concat(Holders(folder)))
        {
            Collect(part, devices);
        }
    }

    private static IEnumerable<string> Partitions(string folder) =>
        Directory.EnumerateDirectories(folder).Where(child => File.Exists(Path.Combine(child, "partition")));

    private static IEnumerable<string> Holders(string folder)
    {
        string holders = Path.Combine(folder, "holders");
        return (Directory.Exists(holders) ? Directory.EnumerateFileSystemEntries(holders) : [])
            .Select(holder => File.ResolveLinkTarget(holder, returnFinalTarget: true)?.FullName ?? holder);
    }

    private static bool TryReadNumber(string path, out DeviceNumber number)
    {
        number = default;
        if (!File.Exists(path))
        {
            return false;
        }

        string[] parts = File.ReadAllText(path).Trim().Split(':');
        if (parts.Length != 2
            || !uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint major)
            || !uint.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint minor))
        {
            return false;
        }

        number = new(major, minor);
        return true;
    }

    // Of a path that need not exist, nor be a device: no device has the number 0:0.
    private static DeviceNumber NumberOf(string path)
    {
        if (!path.StartsWith('/'))
        {
            return default;
        }

        try
        {
            using SafeFileHandle handle = HostPath.OpenPath(path);
            FileIdentity identity = HostPath.Identify(handle);
            return identity.IsBlockDevice ? identity.DeviceNode : default;
        }
        catch (LinuxException)
        {
            return default;
        }
    }
}
