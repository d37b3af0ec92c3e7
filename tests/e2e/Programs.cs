using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>The programs under test: what <c>make</c> built, or those of the folder <c>IMAGED_BIN</c>.</summary>
internal static class Programs
{
    /// <summary>Their folder; every user can reach it.</summary>
    public static string Folder { get; } = Environment.GetEnvironmentVariable("IMAGED_BIN") ?? CopyOfBuild();

    public static string Daemon => Path.Combine(Folder, "imaged");

    public static string Control => Path.Combine(Folder, "imagectl");

    public static string Worker => Path.Combine(Folder, "imaged-worker");

    /// <summary>Fails where they are missing: a run without them tests nothing.</summary>
    public static void RequireBuilt() =>
        Assert.True(File.Exists(Daemon) && File.Exists(Control) && File.Exists(Worker), $"run 'make' first: {Build}");

    private static string Build => Path.Combine(Samples.Tree, "out", "bin");

    // Debian makes homes that nobody else can enter, and the tree may lie in one.
    private static string CopyOfBuild()
    {
        TemporaryFolder folder = new();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        Tool.Run("chmod", "755", folder.Path);

        // For those that a shell starts, too: this machine's own jobs are none of the tests' business.
        Environment.SetEnvironmentVariable("IMAGED_JOBS", folder["jobs"]);
        foreach (string file in Directory.Exists(Build) ? Directory.GetFiles(Build) : [])
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }

        return folder.Path;
    }
}
