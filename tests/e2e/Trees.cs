using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>Compares mounted trees with what an independent tool extracts.</summary>
internal static class Trees
{
    /// <summary>Extracts an ISO 9660 image with xorriso.</summary>
    public static string ExtractIso(string image, string folder)
    {
        Requires.Tool("xorriso");
        Tool.Run("xorriso", "-report_about", "FAILURE", "-osirrox", "on", "-indev", image, "-extract", "/", folder);
        return folder;
    }

    /// <summary>Both trees have the same files with the same bytes, types, modes, owners, times and targets.</summary>
    public static void AssertEqual(string expected, string actual)
    {
        Assert.Equal(List(expected), List(actual));
        ToolResult difference = Tool.TryRun("diff", "-r", "--no-dereference", expected, actual);
        Assert.True(difference.ExitCode == 0, difference.Text + difference.Error);
    }

    // A directory's size and a link's time are the host's own affair.
    private static string List(string folder) => Tool.Shell(
        $"cd '{folder}' && find . -mindepth 1 -type d -printf '%y %m %U %G - %T@ %P\\n'"
        + " -o -type l -printf '%y %U %G %l %P\\n' -o -printf '%y %m %U %G %s %T@ %P\\n' | sort").Text;
}
