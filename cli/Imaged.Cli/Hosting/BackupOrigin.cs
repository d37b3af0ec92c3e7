using Imaged.Ipc.Contract;
using Imaged.Linux;

namespace Imaged.Cli.Hosting;

/// <summary>What a backup is made of.</summary>
internal static class BackupOrigin
{
    /// <summary>Looks at the source.</summary>
    /// <returns>What the manifest says of it.</returns>
    public static BackupSource Describe(ImageFile source)
    {
        FileIdentity identity = HostPath.Identify(source.Handle);
        BackupSource described = new() { Name = source.RealPath, Kind = "file" };
        if (!identity.IsBlockDevice)
        {
            return described;
        }

        string sysfs = $"/sys/dev/block/{identity.DeviceNode}";
        bool isPartition = File.Exists(Path.Combine(sysfs, "partition"));
        described.Kind = isPartition ? "partition" : "disk";
        string disk = isPartition ? Path.Combine(sysfs, "..") : sysfs;
        described.Model = ReadText(Path.Combine(disk, "device/model"));
        described.Serial = ReadText(Path.Combine(disk, "device/serial")) ?? ReadText(Path.Combine(disk, "serial"));
        return described;
    }

    private static string? ReadText(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        string text = File.ReadAllText(path).Trim();
        return text.Length == 0 ? null : text;
    }
}
