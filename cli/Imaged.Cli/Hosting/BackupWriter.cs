using System.Runtime.InteropServices;
using Imaged.Cli.Consistency;
using Imaged.Cli.Output;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;

namespace Imaged.Cli.Hosting;

/// <summary>Has a worker write a backup, and keeps it when it is right.</summary>
internal static class BackupWriter
{
    /// <summary>Writes the backup of the image that the worker has opened.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="parameters">What to write; the output is descriptor 0.</param>
    /// <param name="output">The file, which gets its name when the backup is complete and reads back right; null for
    /// standard output.</param>
    /// <param name="name">Its name, as the user wrote it.</param>
    /// <param name="others">Descriptors 1 and following.</param>
    /// <param name="printer">Where it is shown how far it is.</param>
    /// <param name="source">What is read, which may not change until it has been; null when it cannot.</param>
    public static BackupSummary Write(
        WorkerProcess worker,
        BackupParameters parameters,
        OutputFile? output,
        string name,
        IReadOnlyList<SafeHandle> others,
        Printer printer,
        ConsistentSource? source = null)
    {
        Progress last = new();
        try
        {
            source?.EndOnLoss(worker);
            BackupReply reply = worker.CallLong(
                WorkerInterface.Backup,
                parameters,
                [output?.Handle ?? StandardStream.Output.Handle, .. others],
                printer,
                reply =>
                {
                    source?.Follow(reply.Progress);
                    return last = reply.Progress;
                });
            source?.Finish();
            BackupSummary summary = reply.Summary ?? new();
            if (summary.Bad.Count > 0)
            {
                throw new CliException(
                    ExitCode.VerificationFailed,
                    $"what was written for '{name}' does not read back right ({RangeText.Of(summary.Bad)}): "
                    + "is the disk or the memory faulty? Nothing of it was kept");
            }

            output?.Commit();
            return summary;
        }
        catch (Exception error) when (error is not CliException && source?.FindFault() is { } sentence)
        {
            throw new CliException(ExitCode.Failed, sentence);
        }
        catch (ImagedException error) when (OutputFile.IsFull(error))
        {
            throw OutputFile.Full(name, error, output is null ? null : Missing(output, last));
        }
        catch (ImagedException error) when (error.Kind == ErrorKind.HostError && output is not null)
        {
            throw OutputFile.NotWritten(name, error.Message);
        }
    }

    // As if the rest took as much for each byte as what is done; at the very beginning as if nothing were compressed.
    private static long? Missing(OutputFile output, Progress last)
    {
        decimal written = RandomAccess.GetLength(output.Handle);
        decimal ratio = last.Done > 0 ? written / last.Done : 1;
        return last.Total > last.Done
            ? (long)Math.Clamp((last.Total * ratio) - written, 1, long.MaxValue)
            : null;
    }
}
