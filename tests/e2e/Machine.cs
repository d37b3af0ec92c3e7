using System.Globalization;
using Imaged.TestKit;

namespace Imaged.E2e;

/// <summary>What a test could leave behind on this machine.</summary>
internal static class Machine
{
    /// <summary>Mount points below a folder, the innermost first.</summary>
    public static string[] MountsBelow(string folder) =>
        [.. File.ReadLines("/proc/self/mountinfo").Select(line => Unescape(line.Split(' ')[4]))
            .Where(path => path.StartsWith(folder + "/", StringComparison.Ordinal))
            .OrderByDescending(path => path.Length)];

    /// <summary>The line of mountinfo for a mount point: type, source, options.</summary>
    public static (string Type, string Source, string Options) Mount(string path)
    {
        string line = File.ReadLines("/proc/self/mountinfo").Last(l => Unescape(l.Split(' ')[4]) == path);
        string[] fields = line.Split(' ');
        string[] behind = line.Split(" - ")[1].Split(' ');
        return (behind[0], behind[1], $"{fields[5]},{behind[2]}");
    }

    /// <summary>What the descriptors of a process refer to.</summary>
    public static IEnumerable<string> OpenFiles(int pid)
    {
        foreach (string descriptor in Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd"))
        {
            string? target = null;
            try
            {
                target = new FileInfo(descriptor).LinkTarget;
            }
            catch (IOException)
            {
                // Closed meanwhile.
            }

            if (target is not null)
            {
                yield return target;
            }
        }
    }

    /// <summary>Attached loop devices and their backing files.</summary>
    public static Dictionary<string, string> Loops()
    {
        Dictionary<string, string> loops = [];
        foreach (string folder in Directory.EnumerateDirectories("/sys/block", "loop*"))
        {
            try
            {
                string backing = File.ReadAllText(Path.Combine(folder, "loop", "backing_file")).TrimEnd('\n');
                loops["/dev/" + Path.GetFileName(folder)] = backing;
            }
            catch (IOException)
            {
                // Not attached, or no longer.
            }
        }

        return loops;
    }

    /// <summary>Ids of the processes that run a program.</summary>
    public static int[] Processes(string program)
    {
        List<int> found = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && ExecutableOf(id) == program)
            {
                found.Add(id);
            }
        }

        return [.. found];
    }

    /// <summary>Sends a signal to a process that may have ended. The shell does it: <c>kill</c> is in a package of its
    /// own.</summary>
    public static void Signal(int process, string name) =>
        Tool.TryRun("bash", "-c", string.Create(CultureInfo.InvariantCulture, $"kill -s {name} {process}"));

    /// <summary>Waits until something is so; what it waits for is an event of the kernel that has no other
    /// notification.</summary>
    public static bool Eventually(Func<bool> condition, int seconds = 10)
    {
        for (int i = 0; i < seconds * 100; i++)
        {
            if (condition())
            {
                return true;
            }

            // What is waited for is of other processes, and told by nobody.
            Thread.Sleep(10);
        }

        return condition();
    }

    private static string? ExecutableOf(int id)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{id}/exe", returnFinalTarget: false)?.FullName;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Gone, or none of ours.
            return null;
        }
    }

    private static string Unescape(string text) => text.Replace("\\040", " ", StringComparison.Ordinal);
}
