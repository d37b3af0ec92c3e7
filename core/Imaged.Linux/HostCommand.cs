using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Linux;

/// <summary>What a program of the host has answered.</summary>
/// <param name="ExitCode">What it returned; -1 when a signal ended it.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">Its standard error.</param>
public sealed record HostCommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>The last line of what it complained of, for messages, but for a hint at its help.</summary>
    public string Complaint =>
        Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .LastOrDefault(line => !line.StartsWith("Run `", StringComparison.Ordinal))
        ?? $"it ended with {ExitCode}";
}

/// <summary>Runs programs of the host and takes what they print, which stands in English.</summary>
public static class HostCommand
{
    private const int MaxOutput = 1 << 20;

    // Where programs for administrators are, also for users whose PATH leaves it out.
    private static readonly string[] Folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

    /// <summary>The path of a program; null when it is not installed.</summary>
    public static string? Find(string name) =>
        Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs a program to its end.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Arguments after the program's name.</param>
    /// <param name="milliseconds">How long it may take, then it is killed; -1 for ever.</param>
    /// <param name="guard">Called with the process when it runs; what it returns is disposed of when it has
    /// ended.</param>
    /// <exception cref="LinuxException">It cannot be started.</exception>
    public static HostCommandResult Run(
        string path,
        IReadOnlyList<string> arguments,
        int milliseconds,
        Func<ChildProcess, IDisposable>? guard = null)
    {
        // Files, not pipes: whatever else inherits them, nobody waits for their end.
        using SafeFileHandle output = HostPath.CreateMemoryFile("output");
        using SafeFileHandle error = HostPath.CreateMemoryFile("error");
        using ChildProcess process = ChildProcess.Start(
            path,
            arguments,
            [(1, output), (2, error)],
            [$"PATH={string.Join(':', Folders)}", "LC_ALL=C", "LVM_SUPPRESS_FD_WARNINGS=1"]);
        using IDisposable? guarded = guard?.Invoke(process);
        if (!process.WaitForExit(milliseconds))
        {
            process.Kill();
            process.WaitForExit(-1);
        }

        return new(process.ExitCode ?? -1, Text(output), Text(error));
    }

    private static string Text(SafeFileHandle file)
    {
        byte[] bytes = new byte[(int)Math.Min(RandomAccess.GetLength(file), MaxOutput)];
        int length = RandomAccess.Read(file, bytes, 0);
        return Encoding.UTF8.GetString(bytes, 0, length);
    }
}
