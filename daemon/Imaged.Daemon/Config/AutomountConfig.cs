namespace Imaged.Daemon.Config;

/// <summary>The settings that begin with <c>automount-</c>: what is mounted by itself. Everything is off by
/// default.</summary>
internal sealed record AutomountConfig
{
    /// <summary>The folder that is watched when the setting names none.</summary>
    public const string UsualFolder = "/var/lib/imaged/auto";

    /// <summary>Whether the file systems of discs and USB disks are mounted.</summary>
    public bool Devices { get; private init; }

    /// <summary>Folder on such a device whose image files are mounted, relative to its root; null for none.</summary>
    public string? Images { get; private init; }

    /// <summary>Folder of the host whose image files are mounted; null for none.</summary>
    public string? Folder { get; private init; }

    /// <summary>Which devices; none for all.</summary>
    public IReadOnlyList<DeviceRule> Allow { get; private init; } = [];

    /// <summary>Patterns of the names of image files; none for all.</summary>
    public IReadOnlyList<string> Names { get; private init; } = [];

    /// <summary>Whether the kernel's drivers may read what imaged does not read itself.</summary>
    public bool Kernel { get; private init; }

    /// <summary>These settings and one more; null when there is none of this name, or the value is wrong.</summary>
    public AutomountConfig? With(string key, string value) => key switch
    {
        "automount-devices" => Flag(value) is { } on ? this with { Devices = on } : null,
        "automount-images" => value == "no" ? this with { Images = null }
            : RelativeFolder(value) is { } folder ? this with { Images = folder } : null,
        "automount-folder" => value switch
        {
            "no" => this with { Folder = null },
            "yes" => this with { Folder = UsualFolder },
            _ => Path.IsPathRooted(value)
                ? this with { Folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(value)) }
                : null,
        },
        "automount-allow" => DeviceRule.Parse(value) is { } rule ? this with { Allow = [.. Allow, rule] } : null,
        "automount-names" => Words.Split(value) is { } names ? this with { Names = [.. Names, .. names] } : null,
        "automount-kernel" => Flag(value) is { } on ? this with { Kernel = on } : null,
        _ => null,
    };

    /// <summary>These settings after a line with a wrong value: what was to let only some through lets none
    /// through.</summary>
    public AutomountConfig WithWrong(string key) => key switch
    {
        "automount-allow" => this with { Allow = [.. Allow, DeviceRule.Never] },
        "automount-names" => this with { Names = [.. Names, string.Empty] },
        _ => this,
    };

    private static bool? Flag(string value) => value switch
    {
        "yes" => true,
        "no" => false,
        _ => null,
    };

    // No way out of the device.
    private static string? RelativeFolder(string value)
    {
        string[] parts = value.Split('/', StringSplitOptions.RemoveEmptyEntries);
        bool isRoot = parts.Length == 0 && value.Contains('/', StringComparison.Ordinal);
        return isRoot ? "." : parts.Length == 0 || parts.Contains("..") ? null : string.Join('/', parts);
    }
}
