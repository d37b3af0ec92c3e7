using Xunit;

namespace Imaged.TestKit;

/// <summary>States what a test needs; where that is missing, the test is skipped with the reason.</summary>
public static class Requires
{
    /// <summary>These programs are installed.</summary>
    public static void Tool(params string[] names)
    {
        foreach (string name in names)
        {
            Assert.SkipUnless(TestKit.Tool.Exists(name), $"needs {name}");
            Evidence.Note("tool", name);
        }
    }

    /// <summary>The test runs as root.</summary>
    public static void Root() => Assert.SkipUnless(Environment.UserName == "root", "needs root");

    /// <summary>The shared sample images are there.</summary>
    public static void Samples() =>
        Assert.SkipUnless(
            TestKit.Samples.Available, $"needs the sample images (IMAGED_SAMPLES), not in '{TestKit.Samples.Root}'");
}
