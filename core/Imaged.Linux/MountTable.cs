using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Linux;

/// <summary>A mount, as <c>/proc/self/mountinfo</c> tells it (proc(5)).</summary>
/// <param name="Id">Mount id.</param>
/// <param name="Device">Device of the file system.</param>
/// <param name="Root">Path inside the file system that is mounted.</param>
/// <param name="Path">Where it is mounted.</param>
/// <param name="Type">Type of file system, e.g. <c>fuse.imaged</c>.</param>
/// <param name="Source">Source, e.g. a device.</param>
public sealed record MountEntry(int Id, DeviceNumber Device, string Root, string Path, string Type, string Source)
{
    /// <summary>Whether the file system itself is read-only, by whichever mount.</summary>
    public bool IsReadOnly { get; init; }
}

/// <summary>Reads the mounts of this process's mount namespace.</summary>
public static class MountTable
{
    /// <summary>All mounts, in the order in which they were made.</summary>
    public static IReadOnlyList<MountEntry> Read() =>
        [.. File.ReadLines("/proc/self/mountinfo").Select(Parse).OfType<MountEntry>()];

    /// <summary>Id of the mount that a descriptor lies in.</summary>
    public static int IdOf(SafeFileHandle handle)
    {
        const string Field = "mnt_id:";
        string path = FormattableString.Invariant($"/proc/self/fdinfo/{HostPath.Number(handle)}");
        string line = File.ReadLines(path).First(text => text.StartsWith(Field, StringComparison.Ordinal));
        return int.Parse(line.AsSpan(Field.Length), CultureInfo.InvariantCulture);
    }

    /// <summary>Reads one line; null when it is not one.</summary>
    public static MountEntry? Parse(string line)
    {
        string[] fields = line.Split(' ');
        int dash = Array.IndexOf(fields, "-");
        if (dash < 6 || fields.Length < dash + 3)
        {
            return null;
        }

        string[] device = fields[2].Split(':');
        return new(
            int.Parse(fields[0], CultureInfo.InvariantCulture),
            new(
                uint.Parse(device[0], CultureInfo.InvariantCulture),
                uint.Parse(device[1], CultureInfo.InvariantCulture)),
            Unescape(fields[3]),
            Unescape(fields[4]),
            Unescape(fields[dash + 1]),
            Unescape(fields[dash + 2]))
        {
            IsReadOnly = fields.Length > dash + 3 && fields[dash + 3].Split(',').Contains("ro"),
        };
    }

    /// <summary>Undoes the escapes of mountinfo: a backslash and three octal digits stand for a byte.</summary>
    public static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        List<byte> bytes = [];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && IsOctal(text.AsSpan(i + 1, 3)))
            {
                bytes.Add((byte)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0')));
                i += 3;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text[i..(i + 1)]));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static bool IsOctal(ReadOnlySpan<char> digits) => !digits.ContainsAnyExceptInRange('0', '7');
}
