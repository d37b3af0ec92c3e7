using System.Globalization;
using System.Text.Json;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Jobs;

/// <summary>A folder with a file for each job of a user, which its process writes: <c>ID.json</c>. Nobody else has to
/// run for it.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Prefix">What stands before the names of its jobs: for those of other users.</param>
internal sealed record JobFolder(string Path, string Prefix = "")
{
    private const string Extension = ".json";
    private const string RuntimeFolders = "/run/user";
    private const int MaxFileSize = 1 << 16;

    // Ended ones beyond that are forgotten, the oldest first.
    private const int MaxEnded = 20;

    /// <summary>Those whose jobs the caller sees: his own first; root sees everybody's.</summary>
    public static IReadOnlyList<JobFolder> All
    {
        get
        {
            List<JobFolder> all = Own is { } own ? [own] : [];
            if (Environment.IsPrivilegedProcess && Directory.Exists(RuntimeFolders))
            {
                all.AddRange(
                    from runtime in Directory.EnumerateDirectories(RuntimeFolders)
                    let path = PathIn(runtime)
                    where Directory.Exists(path)
                    select new JobFolder(path, System.IO.Path.GetFileName(runtime) + "/"));
            }

            return all;
        }
    }

    /// <summary>The caller's own; null when there is no place for it. <c>IMAGED_JOBS</c> names another one.</summary>
    public static JobFolder? Own
    {
        get
        {
            string? path = Environment.GetEnvironmentVariable("IMAGED_JOBS");
            if (string.IsNullOrEmpty(path))
            {
                string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
                path = Environment.IsPrivilegedProcess ? "/run/imaged/jobs"
                    : string.IsNullOrEmpty(runtime) ? null : PathIn(runtime);
            }

            return path is null ? null : new(System.IO.Path.GetFullPath(path));
        }
    }

    /// <summary>The folder that a job is in, by its whole name.</summary>
    public static (JobFolder Folder, JobRecord Job)? Find(string name)
    {
        foreach (JobFolder folder in All)
        {
            if (name.StartsWith(folder.Prefix, StringComparison.Ordinal)
                && folder.TryRead(name[folder.Prefix.Length..]) is { } job)
            {
                return (folder, job);
            }
        }

        return null;
    }

    /// <summary>The jobs, the oldest first.</summary>
    public IReadOnlyList<JobRecord> Read()
    {
        if (!Directory.Exists(Path))
        {
            return [];
        }

        return
        [
            .. Directory.EnumerateFiles(Path, "*" + Extension)
                .Select(file => TryRead(System.IO.Path.GetFileNameWithoutExtension(file)))
                .OfType<JobRecord>()
                .OrderBy(job => job.Started, StringComparer.Ordinal),
        ];
    }

    /// <summary>A job as it is now; null when there is none of this name.</summary>
    public JobRecord? TryRead(string id)
    {
        if (id.Length == 0 || !id.All(char.IsAsciiLetterOrDigit))
        {
            return null;
        }

        try
        {
            // Another user's folder may hold anything, also a link to a device that does something when root opens it.
            using SafeFileHandle folder = HostPath.OpenDirectory(Path);
            using SafeFileHandle file = HostPath.OpenFileIn(folder, id + Extension);
            byte[] text = new byte[Math.Min(RandomAccess.GetLength(file), MaxFileSize)];
            int length = RandomAccess.Read(file, text, 0);
            JobRecord? job = JsonSerializer.Deserialize(text.AsSpan(0, length), ContractJson.Default.JobRecord);
            if (job is null || job.Arguments.Any(word => word is null) || job.Messages.Any(message => message is null))
            {
                return null;
            }

            job.Id = Prefix + id;
            if (job.State == JobState.Running && ChildProcess.StartTimeOf(job.Pid) != job.StartTime)
            {
                job.State = JobState.Lost;
            }

            return job;
        }
        catch (Exception error) when (error is LinuxException or IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes what is to be known of a job; others see the old or the new text.</summary>
    /// <returns>Whether that was possible.</returns>
    public bool TryWrite(JobRecord job)
    {
        try
        {
            WholeFile.Write(
                FileOf(job.Id), JsonSerializer.SerializeToUtf8Bytes(job, ContractJson.Default.JobRecord));
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Makes the folder, forgets what ended long ago, and finds a name that no job has.</summary>
    /// <returns>Null when the folder cannot be had.</returns>
    public string? TryReserve()
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path) ?? "/");
            Directory.CreateDirectory(
                Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            int last = Directory.EnumerateFiles(Path, "*" + Extension)
                .Select(file => int.TryParse(System.IO.Path.GetFileNameWithoutExtension(file), out int n) ? n : 0)
                .DefaultIfEmpty()
                .Max();
            JobRecord[] ended = [.. Read().Where(job => job.State != JobState.Running)];
            foreach (JobRecord job in ended.SkipLast(MaxEnded - 1))
            {
                File.Delete(FileOf(job.Id));
            }

            while (true)
            {
                string id = (++last).ToString(CultureInfo.InvariantCulture);
                if (TryCreate(FileOf(id)))
                {
                    return id;
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string PathIn(string runtime) => System.IO.Path.Combine(runtime, "imaged", "jobs");

    private static bool TryCreate(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.CreateNew);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false; // another job was faster
        }
    }

    private string FileOf(string id) => System.IO.Path.Combine(Path, id + Extension);
}
