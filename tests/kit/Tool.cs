using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Imaged.TestKit;

/// <summary>What a program printed.</summary>
/// <param name="ExitCode">Its exit status.</param>
/// <param name="Output">Standard output, as bytes.</param>
/// <param name="Error">Standard error, as text.</param>
public sealed record ToolResult(int ExitCode, byte[] Output, string Error)
{
    /// <summary>Standard output as UTF-8 text.</summary>
    public string Text => Encoding.UTF8.GetString(Output);
}

/// <summary>Runs the independent tools that the expected values come from.</summary>
public static class Tool
{
    /// <summary>Whether a program is on the path.</summary>
    public static bool Exists(string name) => Find(name) is not null;

    /// <summary>Runs a program; fails the test when it ends with anything but 0.</summary>
    public static ToolResult Run(string name, params string[] arguments)
    {
        ToolResult result = TryRun(name, arguments);
        if (result.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{name} {string.Join(' ', arguments)} ended with {result.ExitCode}:\n{result.Error}\n{result.Text}");
        }

        return result;
    }

    /// <summary>Runs a shell script under <c>bash -euo pipefail</c>; fails the test when it fails.</summary>
    public static ToolResult Shell(string script) => Run("bash", "-euo", "pipefail", "-c", script);

    /// <summary>Runs a program, whatever its exit status; it is killed after two minutes.</summary>
    public static ToolResult TryRun(string name, params string[] arguments)
    {
        ProcessStartInfo start = new(Find(name) ?? name)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["TZ"] = "UTC";
        using Process process = Process.Start(start) ?? throw new Win32Exception($"{name} did not start");
        process.StandardInput.Close();
        using MemoryStream output = new();
        Task copy = process.StandardOutput.BaseStream.CopyToAsync(output);
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{name} {string.Join(' ', arguments)} ran for more than two minutes");
        }

        Task.WaitAll(copy, error);
        return new(process.ExitCode, output.ToArray(), error.Result);
    }

    private static string? Find(string name)
    {
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return File.Exists(name) ? name : null;
        }

        string path = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty) + ":/usr/sbin:/sbin";
        return path.Split(':').Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }
}
