using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>Keeps what comes through a pipe in a file without a name, which is gone when this process is.</summary>
internal static class InputSpool
{
    // Not /tmp, which is memory on many machines.
    private const string DefaultFolder = "/var/tmp";
    private const int BlockLength = 1 << 20;

    /// <summary>Reads a pipe to its end.</summary>
    /// <param name="input">The pipe; stays the caller's.</param>
    /// <param name="printer">Where it is shown how far it is.</param>
    /// <returns>The file, in which zeros are holes.</returns>
    /// <exception cref="CliException">There is no room, or nothing came.</exception>
    public static SafeFileHandle Read(SafeFileHandle input, Printer printer)
    {
        string folder = Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } chosen ? chosen : DefaultFolder;
        SafeFileHandle file = HostPath.TryCreateUnnamed(folder) ?? throw new CliException(
            ExitCode.Failed,
            $"standard input cannot be kept in '{folder}', which has no files without names: set TMPDIR");
        try
        {
            Copy(input, file, printer);
            return file;
        }
        catch (IOException error)
        {
            file.Dispose();
            throw new CliException(
                ExitCode.Failed,
                $"standard input cannot be kept in '{folder}' (TMPDIR names another folder): {error.Message}");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void Copy(SafeFileHandle input, SafeFileHandle file, Printer printer)
    {
        using ProgressBar bar = new(printer);
        byte[] block = new byte[BlockLength];
        long length = 0;
        int filled;
        do
        {
            filled = 0;
            int count;
            while (filled < block.Length
                && (count = StandardStream.Read(input, block.AsSpan(filled))) > 0)
            {
                filled += count;
            }

            Span<byte> bytes = block.AsSpan(0, filled);
            if (bytes.ContainsAnyExcept((byte)0))
            {
                RandomAccess.Write(file, bytes, length);
            }

            length += filled;
            bar.Show(new Progress { Phase = "receive", Done = length });
        }
        while (filled == block.Length);
        RandomAccess.SetLength(file, length);
        if (length == 0)
        {
            throw new CliException(ExitCode.Failed, "nothing came through standard input; nothing was written");
        }
    }
}
