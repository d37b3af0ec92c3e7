using System.Diagnostics;
using System.Globalization;
using Imaged.TestKit;

namespace Imaged.E2e;

/// <summary>A program that runs.</summary>
internal sealed class RunningCommand : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly Process _process;
    private readonly string _line;
    private readonly MemoryStream _output = new();
    private readonly Task _copy;
    private readonly Task<string> _error;

    private RunningCommand(Process process, string line)
    {
        _process = process;
        _line = line;
        _copy = process.StandardOutput.BaseStream.CopyToAsync(_output);
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Its process id.</summary>
    public int Pid => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program.</summary>
    /// <param name="path">Which.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Added to ours.</param>
    /// <param name="folder">Its working folder; null for ours.</param>
    public static RunningCommand Start(
        string path, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string? folder)
    {
        ProcessStartInfo start = new(path, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder ?? string.Empty,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return new(process, $"{Path.GetFileName(path)} {string.Join(' ', start.ArgumentList)}");
    }

    /// <summary>Sends a signal.</summary>
    public void Signal(string name) =>
        Tool.TryRun("kill", "-" + name, _process.Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>Waits for its end.</summary>
    public CommandResult Finish()
    {
        if (!_process.WaitForExit(Limit))
        {
            _process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{_line}' ran for more than {Limit.TotalSeconds} s");
        }

        Task.WaitAll(_copy, _error);
        return new(_line, _process.ExitCode, _output.ToArray(), _error.Result);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
        _output.Dispose();
    }
}
