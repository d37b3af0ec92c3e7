using Imaged.Ipc.Contract;
using Imaged.Linux;

namespace Imaged.Cli.Hosting;

/// <summary>What a backup is made of, and whether it stays as it is meanwhile.</summary>
internal static class BackupOrigin
{
    /// <summary>Looks at the source.</summary>
    /// <returns>What the manifest says of it, and one word for why it does not change.</returns>
    /// <exception cref="CliException">It is being written to.</exception>
    public static (BackupSource Source, string Consistency) Describe(ImageFile source)
    {
        FileIdentity identity = HostPath.Identify(source.Handle);
        BackupSource described = new() { Name = source.RealPath, Kind = "file" };
        if (!identity.IsBlockDevice)
        {
            return (described, "file");
        }

        string sysfs = $"/sys/dev/block/{identity.DeviceNode}";
        bool isPartition = File.Exists(Path.Combine(sysfs, "partition"));
        described.Kind = isPartition ? "partition" : "disk";
        string disk = isPartition ? Path.Combine(sysfs, "..") : sysfs;
        described.Model = ReadText(Path.Combine(disk, "device/model"));
        described.Serial = ReadText(Path.Combine(disk, "device/serial")) ?? ReadText(Path.Combine(disk, "serial"));

        IReadOnlyList<BlockDeviceUse> uses = BlockDeviceUse.Of(identity.DeviceNode);
        BlockDeviceUse? writer = uses.FirstOrDefault(use => !use.IsReadOnly);
        if (writer is not null)
        {
            throw new CliException(
                ExitCode.Refused,
                $"'{writer.Device}' is {writer.What} and may change while it is saved: unmount it, "
                + "or make it read-only meanwhile (mount -o remount,ro), or name a snapshot of it");
        }

        return (described, uses.Count == 0 ? "unused" : "read-only");
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
