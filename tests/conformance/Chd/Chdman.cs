using Imaged.TestKit;

namespace Imaged.Conformance.Chd;

/// <summary>The programs that pack.</summary>
internal static class Chdman
{
    /// <summary>Runs chdman in a folder and returns what it prints. Skips the test when it is absent.</summary>
    public static string Run(TemporaryFolder folder, string arguments)
    {
        Requires.Tool("chdman");
        return Tool.Shell($"cd '{folder.Path}'; chdman {arguments} 2>log || {{ cat log; exit 1; }}").Text;
    }

    /// <summary>Bytes packed by zstd.</summary>
    public static byte[] Zstd(byte[] bytes)
    {
        Requires.Tool("zstd");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["bytes"], bytes);
        return Tool.Run("zstd", "-q", "-c", folder["bytes"]).Output;
    }
}
