using System.Runtime.InteropServices;
using Imaged.Cli.Output;
using Imaged.Ipc;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Hosting;

/// <summary>Has a worker write a backup, and keeps it when it is right.</summary>
internal static class BackupWriter
{
    /// <summary>Writes the backup of the image that the worker has opened.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="parameters">What to write; the output is descriptor 0.</param>
    /// <param name="output">The file, which gets its name when the backup is complete and reads back right.</param>
    /// <param name="name">Its name, as the user wrote it.</param>
    /// <param name="others">Descriptors 1 and following.</param>
    /// <param name="printer">Where it is shown how far it is.</param>
    public static BackupSummary Write(
        WorkerProcess worker,
        BackupParameters parameters,
        OutputFile output,
        string name,
        IReadOnlyList<SafeHandle> others,
        Printer printer)
    {
        try
        {
            BackupReply reply = worker.CallLong(
                WorkerInterface.Backup, parameters, [output.Handle, .. others], printer, reply => reply.Progress);
            BackupSummary summary = reply.Summary ?? new();
            if (summary.Bad.Count > 0)
            {
                throw new CliException(
                    ExitCode.VerificationFailed,
                    $"what was written for '{name}' does not read back right ({RangeText.Of(summary.Bad)}): "
                    + "is the disk or the memory faulty? Nothing of it was kept");
            }

            output.Commit();
            return summary;
        }
        catch (ImagedException error) when (OutputFile.IsFull(error))
        {
            throw OutputFile.Full(name, error);
        }
    }
}
