using System.Globalization;
using Imaged.Linux;

namespace Imaged.Cli.Consistency;

/// <summary>A logical volume of LVM, as its own tools tell it.</summary>
/// <param name="Group">Its volume group.</param>
/// <param name="Name">Its name there.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Attributes">As lvs(8) prints them.</param>
/// <param name="Pool">The pool of a thin volume; else empty.</param>
/// <param name="GroupFree">Bytes of the group that no volume has.</param>
/// <param name="ExtentSize">What the group hands out, in bytes.</param>
internal sealed record LogicalVolume(
    string Group, string Name, long Length, string Attributes, string Pool, long GroupFree, long ExtentSize)
{
    private const string Fields = "vg_name,lv_name,lv_size,lv_attr,pool_lv,vg_free,vg_extent_size";

    /// <summary>As LVM's tools take it.</summary>
    public string FullName => $"{Group}/{Name}";

    /// <summary>Whether it takes its extents from a pool, with its snapshots.</summary>
    public bool IsThin => Attributes.StartsWith('V');

    /// <summary>Whether it is a snapshot itself, of which LVM makes no other; thin ones are volumes like any.</summary>
    public bool IsSnapshot => Attributes.StartsWith('s') || Attributes.StartsWith('S');

    /// <summary>The volume that a block device is; null when it is none that has a name of its own.</summary>
    /// <exception cref="CliException">LVM's tools are not installed, or fail.</exception>
    public static LogicalVolume? Of(DeviceNumber device)
    {
        string? name = MappedName(device);
        return name is null ? null : Find($"/dev/mapper/{name}");
    }

    /// <summary>The name that the device mapper knows a logical volume by; null when the device is none.</summary>
    public static string? MappedName(DeviceNumber device)
    {
        string folder = $"/sys/dev/block/{device}/dm";
        string uuid = Path.Combine(folder, "uuid");
        return File.Exists(uuid) && File.ReadAllText(uuid).StartsWith("LVM-", StringComparison.Ordinal)
            ? File.ReadAllText(Path.Combine(folder, "name")).Trim()
            : null;
    }

    /// <summary>Looks for a volume.</summary>
    /// <param name="name"><c>GROUP/NAME</c>, or a path of the device.</param>
    /// <exception cref="CliException">There is none, or LVM's tools fail.</exception>
    public static LogicalVolume Find(string name)
    {
        HostCommandResult result = Lvm.Run(
            "lvs", "--noheadings", "--units", "b", "--nosuffix", "--separator", "|", "-o", Fields, name);
        return (result.ExitCode == 0 ? Parse(result.Output) : null) ?? throw new CliException(
            ExitCode.Failed, $"lvs does not know the logical volume '{name}': {result.Complaint}");
    }

    /// <summary>Reads a line of lvs(8); null when it is not one.</summary>
    public static LogicalVolume? Parse(string line)
    {
        string[] fields = line.Trim().Split('|');
        return fields.Length == 7
            && long.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out long length)
            && long.TryParse(fields[5], NumberStyles.None, CultureInfo.InvariantCulture, out long free)
            && long.TryParse(fields[6], NumberStyles.None, CultureInfo.InvariantCulture, out long extent)
            && extent > 0
            ? new(fields[0], fields[1], length, fields[3], fields[4], free, extent)
            : null;
    }
}
