using System.Globalization;
using System.Text;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Automount;

/// <summary>A block device as sysfs and udev know it.</summary>
/// <param name="SysPath">Its directory in sysfs.</param>
/// <param name="Node">Its node, e.g. <c>/dev/sdb1</c>.</param>
/// <param name="Number">Its number.</param>
/// <param name="Properties">What udev found out.</param>
/// <param name="Links">Absolute paths of the links to the node.</param>
internal sealed record UdevDevice(
    string SysPath,
    string Node,
    DeviceNumber Number,
    IReadOnlyDictionary<string, string> Properties,
    IReadOnlyList<string> Links)
{
    private const string Database = "/run/udev/data";

    // Far more than there are of any device.
    private const int MaxLines = 4096;

    /// <summary>Whether it is a partition of a disk that is a file system as a whole, too, as of a hybrid ISO
    /// image.</summary>
    public bool IsPartOfFileSystem =>
        File.Exists(Path.Combine(SysPath, "partition"))
        && Find(Path.GetDirectoryName(SysPath)!) is { } disk
        && disk.Properties.GetValueOrDefault("ID_FS_USAGE") == "filesystem";

    /// <summary>The directory in sysfs that a person means: named itself, or by a node or a link to one. What does not
    /// exist is returned as it is.</summary>
    public static string SysPathOf(string path)
    {
        if (!path.StartsWith("/dev/", StringComparison.Ordinal) || !File.Exists(path))
        {
            return path.TrimEnd('/');
        }

        using SafeFileHandle node = HostPath.OpenPath(path);
        using SafeFileHandle folder =
            HostPath.OpenPath($"/sys/dev/block/{HostPath.Identify(node).DeviceNode}");
        return HostPath.NameOf(folder);
    }

    /// <summary>The block device of a directory in sysfs; null when there is none.</summary>
    public static UdevDevice? Find(string sysPath)
    {
        string number = Path.Combine(sysPath, "dev");
        string uevent = Path.Combine(sysPath, "uevent");
        if (!File.Exists(number) || !File.Exists(uevent))
        {
            return null;
        }

        string[] parts = File.ReadAllText(number).Trim().Split(':');
        string? name = File.ReadLines(uevent).Select(line => line.Split('=', 2))
            .FirstOrDefault(pair => pair is ["DEVNAME", _])?[1];
        if (parts.Length != 2 || name is null)
        {
            return null;
        }

        DeviceNumber device = new(
            uint.Parse(parts[0], CultureInfo.InvariantCulture), uint.Parse(parts[1], CultureInfo.InvariantCulture));
        (Dictionary<string, string> properties, List<string> links) = Read($"{Database}/b{device}");
        return new(sysPath, "/dev/" + name, device, properties, links);
    }

    /// <summary>What the policy is asked with.</summary>
    public AutomountDevice Describe() => new()
    {
        Path = Node,
        Links = Links,
        Label = Properties.TryGetValue("ID_FS_LABEL_ENC", out string? label) ? Decode(label) : null,
        Uuid = Properties.GetValueOrDefault("ID_FS_UUID"),
        Serials = [.. new[] { "ID_SERIAL_SHORT", "ID_SERIAL" }.Select(Properties.GetValueOrDefault).OfType<string>()],
        Bus = IsOnUsb ? "usb" : Properties.GetValueOrDefault("ID_BUS"),
    };

    // Of a disk behind a USB bridge udev tells the bus of the disk, as ata.
    private bool IsOnUsb => SysPath.Split('/').Any(part =>
        part.StartsWith("usb", StringComparison.Ordinal) && part.Length > 3 && part[3..].All(char.IsAsciiDigit));

    /// <summary>Undoes udev's escapes: <c>\xNN</c> stands for a byte.</summary>
    internal static string Decode(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        List<byte> result = [];
        for (int i = 0; i < bytes.Length; i++)
        {
            bool escaped = bytes[i] == '\\' && i + 3 < bytes.Length && bytes[i + 1] == 'x';
            if (escaped && TryReadHex(bytes.AsSpan(i + 2, 2), out byte value))
            {
                result.Add(value);
                i += 3;
            }
            else
            {
                result.Add(bytes[i]);
            }
        }

        return Encoding.UTF8.GetString([.. result]);
    }

    private static bool TryReadHex(ReadOnlySpan<byte> digits, out byte value) =>
        byte.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    /// <summary>Reads an entry of udev's database: properties are lines <c>E:KEY=value</c>, links
    /// <c>S:disk/by-…</c>.</summary>
    internal static (Dictionary<string, string> Properties, List<string> Links) Read(string file)
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal);
        List<string> links = [];
        if (!File.Exists(file))
        {
            return (properties, links);
        }

        foreach (string line in File.ReadLines(file).Take(MaxLines))
        {
            switch (line.Split(':', 2))
            {
                case ["E", string property] when property.Split('=', 2) is [string key, string value]:
                    properties[key] = value;
                    break;
                case ["S", string link]:
                    links.Add("/dev/" + link);
                    break;
            }
        }

        return (properties, links);
    }
}
