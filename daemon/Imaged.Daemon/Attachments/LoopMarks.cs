using Imaged.Linux;

namespace Imaged.Daemon.Attachments;

/// <summary>Marks our loop devices for udev, whose rules (<c>59-imaged.rules</c>) then leave their content alone. A
/// mark is a file named after the device and the number of its medium, which no other medium has until the next boot:
/// one that is left over marks nothing.</summary>
internal sealed class LoopMarks
{
    private readonly string _folder;

    /// <summary>Marks in <paramref name="stateFolder"/>.</summary>
    public LoopMarks(string stateFolder)
    {
        _folder = Path.Combine(stateFolder, "loops");
        Directory.CreateDirectory(_folder);
    }

    /// <summary>Marks an attached device that is still locked, in place of what was marked on its number
    /// before.</summary>
    public void Add(int number)
    {
        string device = FormattableString.Invariant($"loop{number}");
        foreach (string before in Directory.EnumerateFiles(_folder, device + ".*"))
        {
            File.Delete(before);
        }

        // Linux before 5.15 does not number media: udev takes the device for somebody's.
        if (LoopDevice.MediumOf(number) is { } medium)
        {
            File.Create(Path.Combine(_folder, FormattableString.Invariant($"{device}.{medium}"))).Dispose();
        }
    }
}
