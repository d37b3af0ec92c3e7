using System.Globalization;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>The backups of a folder, and how they stand on each other.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Backups">The oldest first.</param>
internal sealed record BackupFolder(string Path, IReadOnlyList<BackupListed> Backups)
{
    /// <summary>Reads the manifests of all backups in a folder.</summary>
    public static BackupFolder Read(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new CliException(ExitCode.NotFound, $"there is no folder '{path}'");
        }

        List<BackupListed> found = [];
        using WorkerProcess worker = WorkerProcess.Start();
        foreach (string file in Directory.EnumerateFiles(path).Order(StringComparer.Ordinal))
        {
            if (TryRead(worker, file) is { } listed)
            {
                found.Add(listed);
            }
        }

        foreach (BackupListed listed in found)
        {
            listed.Problem ??= ProblemOf(listed, found);
        }

        return new(path, [.. found.OrderBy(TimeOf)]);
    }

    /// <summary>When a backup was begun, in local time; the least time when that is not known.</summary>
    public static DateTime TimeOf(BackupListed listed) =>
        DateTimeOffset.TryParse(listed.Backup?.Started, CultureInfo.InvariantCulture, out DateTimeOffset time)
            ? time.LocalDateTime
            : DateTime.MinValue;

    /// <summary>The backup that another one stands on; null when that is whole, or the chain is broken.</summary>
    public BackupListed? ParentOf(BackupListed listed) => ParentOf(listed, Backups);

    /// <summary>How many backups it stands on, one below the other.</summary>
    public int DepthOf(BackupListed listed)
    {
        int depth = 0;
        for (BackupListed? at = ParentOf(listed); at is not null && depth < Backups.Count; at = ParentOf(at))
        {
            depth++;
        }

        return depth;
    }

    private static BackupListed? ParentOf(BackupListed listed, IEnumerable<BackupListed> all) =>
        listed.Backup is not { ParentName: { } name, ParentDigest: var digest }
            ? null
            : all.FirstOrDefault(other => other.Name == name && other.Backup?.Digest == digest);

    private static string? ProblemOf(BackupListed listed, List<BackupListed> all)
    {
        BackupListed? at = listed;
        for (int depth = 0; at?.Backup?.ParentName is { } parent; depth++)
        {
            at = ParentOf(at, all);
            if (at is null || depth == all.Count)
            {
                return $"it stands on '{parent}', which is missing or another backup";
            }
        }

        return null;
    }

    // Null for what is no backup.
    private static BackupListed? TryRead(WorkerProcess worker, string file)
    {
        BackupListed listed = new() { Name = System.IO.Path.GetFileName(file) };
        try
        {
            using SafeFileHandle handle = HostPath.OpenRead(file);
            FileIdentity identity = HostPath.Identify(handle);
            if (!identity.IsRegular)
            {
                return null;
            }

            listed.FileSize = identity.Size;
            listed.Backup = worker.Connection
                .Call(WorkerInterface.ReadBackup, new ReadBackupParameters { File = 0 }, [handle]).Value.Backup;
            return listed.Backup is null ? null : listed;
        }
        catch (ImagedException error) when (error.Kind is ErrorKind.BadImage or ErrorKind.Unsupported)
        {
            listed.Problem = error.Message;
            return listed;
        }
        catch (LinuxException error) when (error.Errno == Errno.ENOENT)
        {
            return null; // it went while the folder was read
        }
        catch (LinuxException error)
        {
            throw HostErrors.Describe(error, "file", file);
        }
    }
}
