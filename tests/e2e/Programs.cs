using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>The programs under test: what <c>make</c> built, or what <c>IMAGED_BIN</c> names.</summary>
internal static class Programs
{
    /// <summary>Their folder.</summary>
    public static string Folder { get; } =
        Environment.GetEnvironmentVariable("IMAGED_BIN") ?? Path.Combine(Samples.Tree, "out", "bin");

    public static string Daemon => Path.Combine(Folder, "imaged");

    public static string Control => Path.Combine(Folder, "imagectl");

    public static string Worker => Path.Combine(Folder, "imaged-worker");

    /// <summary>Fails where they are missing: a run without them tests nothing.</summary>
    public static void RequireBuilt() =>
        Assert.True(File.Exists(Daemon) && File.Exists(Control) && File.Exists(Worker), $"run 'make' first: {Folder}");
}
