using System.Text.Json;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Schedule;

/// <summary>What is kept of the runs of a scheduled backup, in <c>/var/lib/imaged/backup/NAME.json</c>, and the lock
/// that keeps two of them apart.</summary>
internal static class RunHistory
{
    /// <summary>The folder. <c>IMAGED_BACKUP_STATE</c> names another one.</summary>
    public static string Folder =>
        Environment.GetEnvironmentVariable("IMAGED_BACKUP_STATE") is { Length: > 0 } named
            ? named
            : "/var/lib/imaged/backup";

    /// <summary>What there is of a backup; nothing when it never ran, or the file cannot be read.</summary>
    public static BackupRunHistory Read(string name)
    {
        try
        {
            return JsonSerializer.Deserialize(
                File.ReadAllBytes(FileOf(name)), ContractJson.Default.BackupRunHistory) ?? new();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return new();
        }
    }

    /// <summary>Adds a run. Where that is impossible it is said: what became of the backup does not depend on
    /// it.</summary>
    public static void Write(string name, BackupRunRecord run)
    {
        BackupRunHistory history = Read(name) with { Last = run };
        if (run.ExitCode == ExitCode.Done)
        {
            history.LastGood = run;
        }

        try
        {
            WholeFile.Write(
                FileOf(name),
                JsonSerializer.SerializeToUtf8Bytes(history, ContractJson.Default.BackupRunHistory));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Printer.Message($"the outcome of this run cannot be noted in '{FileOf(name)}': {error.Message}");
        }
    }

    /// <summary>Makes sure that no other run of this backup is under way until what is returned is closed.</summary>
    /// <exception cref="CliException">There is one.</exception>
    public static SafeFileHandle Lock(string name)
    {
        Directory.CreateDirectory(Folder);
        SafeFileHandle file = File.OpenHandle(
            Path.Combine(Folder, name + ".lock"),
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete);
        if (FileLock.TryLock(file, isShared: false))
        {
            return file;
        }

        file.Dispose();
        throw new CliException(
            ExitCode.Failed, $"the backup '{name}' is being made by another process; see imagectl job list");
    }

    private static string FileOf(string name) => Path.Combine(Folder, name + ".json");
}
