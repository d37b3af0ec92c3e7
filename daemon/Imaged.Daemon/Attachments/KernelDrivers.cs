using Imaged.Linux;

namespace Imaged.Daemon.Attachments;

/// <summary>What the kernel's own drivers need to be told, and which of them may be used at all.</summary>
internal static class KernelDrivers
{
    // The types that a worker may ask for: a probed name becomes a driver's only through this list.
    private static readonly Dictionary<string, KernelDriver> Known = new(StringComparer.Ordinal)
    {
        ["btrfs"] = new([]),
        ["erofs"] = new([]),
        ["exfat"] = new([]),
        ["ext2"] = new([]),
        ["ext3"] = new([], ["noload"]),
        ["ext4"] = new([], ["noload"]),
        ["f2fs"] = new([], ["norecovery"]),
        ["hfs"] = new([]),
        ["hfsplus"] = new([]),
        ["iso9660"] = new([]),
        ["ntfs3"] = new([]),
        ["squashfs"] = new([]),
        ["udf"] = new([]),
        ["vfat"] = new(["utf8"]),
        ["xfs"] = new(["nouuid"], ["nouuid", "norecovery"]), // nouuid: the origin of the image may be mounted, too
    };

    /// <summary>All driver types that may be used, whether the kernel has them or not.</summary>
    public static IEnumerable<string> All => Known.Keys;

    /// <summary>Whether a driver may be used.</summary>
    public static bool IsKnown(string type) => Known.ContainsKey(type);

    /// <summary>The driver types that the kernel can mount now, of those that may be used; a module that is not loaded
    /// yet is found by its file.</summary>
    public static IReadOnlyList<string> ListUsable()
    {
        HashSet<string> present = [.. MountApi.ListDrivers()];
        return [.. Known.Keys.Where(type => present.Contains(type) || HasModule(type))];
    }

    /// <summary>The options to try one after the other: the second set is for a journal that a read-only device does
    /// not let the kernel replay.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> OptionsOf(string type)
    {
        KernelDriver driver = Known[type];
        return driver.Unreplayed is null ? [driver.Options] : [driver.Options, driver.Unreplayed];
    }

    private static bool HasModule(string type)
    {
        string folder =
            $"/lib/modules/{OsRelease()}/kernel/fs/{(type is "iso9660" ? "isofs" : type is "vfat" ? "fat" : type)}";
        return Directory.Exists(folder);
    }

    private static string OsRelease() => File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    private sealed record KernelDriver(IReadOnlyList<string> Options, IReadOnlyList<string>? Unreplayed = null);
}
