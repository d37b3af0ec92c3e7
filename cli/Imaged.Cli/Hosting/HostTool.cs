using System.Text;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>A program of the host that is run for what imaged does not do itself.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Package">The Debian package that has it.</param>
internal sealed record HostTool(string Name, string Package)
{
    private const int MaxMessage = 600;

    // Not those of PATH, where sudo may have let through somebody's own.
    private static readonly string[] SystemFolders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    /// <summary>Its path; null when it is not installed.</summary>
    public string? Path => SystemFolders.Select(folder => $"{folder}/{Name}").FirstOrDefault(File.Exists);

    /// <summary>Runs it and waits for its end. It is killed when imagectl is interrupted.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="lastGood">The highest exit code that is no failure.</param>
    /// <exception cref="CliException">It is missing, or failed.</exception>
    public void Run(IReadOnlyList<string> arguments, int lastGood = 0)
    {
        string path = Path ?? throw new CliException(
            ExitCode.Failed, $"there is no {Name} (Debian package {Package})");
        using SafeFileHandle messages = HostPath.CreateMemoryFile(Name);
        using ChildProcess process = ChildProcess.Start(
            path, arguments, [(2, messages)], ["LC_ALL=C.UTF-8", $"PATH={string.Join(':', SystemFolders)}"]);
        using IDisposable interrupt = Interrupts.Add(process.Kill);
        process.WaitForExit(Timeout.Infinite);
        if (process.ExitCode is not { } code || code > lastGood)
        {
            string how = process.ExitCode is { } bad ? $"returned {bad}" : "was killed";
            throw new CliException(ExitCode.Failed, $"{Name} {how}{Said(messages)}");
        }
    }

    // What it said last is what ended it.
    private static string Said(SafeFileHandle messages)
    {
        long length = RandomAccess.GetLength(messages);
        byte[] bytes = new byte[Math.Min(length, MaxMessage)];
        int count = RandomAccess.Read(messages, bytes, length - bytes.Length);
        string[] lines = Encoding.UTF8.GetString(bytes, 0, count)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0 ? string.Empty : ": " + string.Join(", ", lines);
    }
}
