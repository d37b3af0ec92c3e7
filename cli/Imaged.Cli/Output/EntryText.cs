using System.Globalization;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Output;

/// <summary>A file of an image as <c>ls -l</c> shows it.</summary>
internal static class EntryText
{
    private const string Permissions = "rwxrwxrwx";

    /// <summary>Mode, links, owner, group, size or device number, time, name.</summary>
    public static string[] Cells(Entry entry)
    {
        string name = SafeText.Name(entry.Path, entry.PathBytes);
        if (entry.Target is not null)
        {
            name += " -> " + SafeText.Name(entry.Target, entry.TargetBytes);
        }

        bool isDevice = entry.Type is EntryType.Char or EntryType.Block;
        return
        [
            Mode(entry.Type, entry.Mode),
            entry.Links.ToString(CultureInfo.InvariantCulture),
            entry.Uid.ToString(CultureInfo.InvariantCulture),
            entry.Gid.ToString(CultureInfo.InvariantCulture),
            isDevice ? $"{entry.DeviceMajor}, {entry.DeviceMinor}" : entry.Size.ToString(CultureInfo.InvariantCulture),
            Time(entry.Modified),
            name,
        ];
    }

    internal static string Mode(EntryType type, int mode)
    {
        Span<char> text = stackalloc char[10];
        text[0] = type switch
        {
            EntryType.File => '-',
            EntryType.Directory => 'd',
            EntryType.Symlink => 'l',
            EntryType.Fifo => 'p',
            EntryType.Socket => 's',
            EntryType.Char => 'c',
            EntryType.Block => 'b',
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
        };
        for (int i = 0; i < 9; i++)
        {
            text[i + 1] = (mode & (0x100 >> i)) != 0 ? Permissions[i] : '-';
        }

        Special(text, 3, (mode & 0x800) != 0, 's');
        Special(text, 6, (mode & 0x400) != 0, 's');
        Special(text, 9, (mode & 0x200) != 0, 't');
        return text.ToString();
    }

    // A time that no calendar has is shown as it is.
    private static string Time(long seconds) =>
        seconds is >= -62135596800 and <= 253402300799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
            : "@" + seconds.ToString(CultureInfo.InvariantCulture);

    private static void Special(Span<char> text, int index, bool isSet, char letter)
    {
        if (isSet)
        {
            text[index] = text[index] == 'x' ? letter : char.ToUpperInvariant(letter);
        }
    }
}
