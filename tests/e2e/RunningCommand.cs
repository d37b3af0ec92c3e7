using System.Diagnostics;
using System.Text;

namespace Imaged.E2e;

/// <summary>A program that runs.</summary>
internal sealed class RunningCommand : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly Process _process;
    private readonly string _line;

    // The workers of a daemon share its standard error and outlive it: the end of that pipe may never come.
    private static readonly TimeSpan PipeLimit = TimeSpan.FromSeconds(1);

    private readonly MemoryStream _output = new();
    private readonly MemoryStream _error = new();
    private readonly Task _copyOutput;
    private readonly Task _copyError;

    private RunningCommand(Process process, string line)
    {
        _process = process;
        _line = line;
        _copyOutput = CopyAsync(process.StandardOutput.BaseStream, _output);
        _copyError = CopyAsync(process.StandardError.BaseStream, _error);
    }

    /// <summary>Its process id.</summary>
    public int Pid => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>What it has printed so far.</summary>
    public string OutputNow => TextOf(_output);

    /// <summary>What it has printed so far on standard error.</summary>
    public string ErrorNow => TextOf(_error);

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
    public void Signal(string name) => Machine.Signal(_process.Id, name);

    /// <summary>Waits for its end.</summary>
    public CommandResult Finish()
    {
        if (!_process.WaitForExit(Limit))
        {
            _process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{_line}' ran for more than {Limit.TotalSeconds} s");
        }

        Task.WaitAll([_copyOutput, _copyError], PipeLimit);
        lock (_output)
        {
            lock (_error)
            {
                return new(_line, _process.ExitCode, _output.ToArray(), Encoding.UTF8.GetString(_error.ToArray()));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static string TextOf(MemoryStream stream)
    {
        lock (stream)
        {
            return Encoding.UTF8.GetString(stream.ToArray());
        }
    }

    private static async Task CopyAsync(Stream from, MemoryStream to)
    {
        byte[] buffer = new byte[65536];
        while (true)
        {
            int count = await from.ReadAsync(buffer);
            if (count == 0)
            {
                return;
            }

            lock (to)
            {
                to.Write(buffer, 0, count);
            }
        }
    }
}
