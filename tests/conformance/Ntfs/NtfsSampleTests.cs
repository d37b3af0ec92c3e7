using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Ntfs;

/// <summary>Volumes of Windows and others, against what 7z and The Sleuth Kit extract from them.</summary>
public sealed class NtfsSampleTests
{
    [Theory]
    [InlineData("ewf/velocidex-ntfs.E01")]
    [InlineData("blkid/ntfs.img.xz")]
    public void Files_are_those_that_7z_and_sleuthkit_extract(string name)
    {
        Requires.Tool([.. SleuthKit.Tools, "7z", "blkid"]);
        using ImageSample sample = ImageSample.Open(name);
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["volume"], sample.Disk.ReadBytes(0, (int)sample.Disk.Length));
        using FileTree tree = FileSystems.Open(sample.Disk, "ntfs", new FileTreeOptions(new BlockCache(4 << 20)));
        NtfsMountedTests.CompareWithBlkid(tree.Volume, folder["volume"]);
        SleuthKit.AssertSame(
            tree,
            folder["volume"],
            "ntfs",
            path => !path.StartsWith('$') && !path.Contains(':', StringComparison.Ordinal)
                || path.StartsWith("$RECYCLE.BIN", StringComparison.OrdinalIgnoreCase));

        Tool.Run("7z", "x", "-tntfs", "-y", "-o" + folder["out"], folder["volume"]);
        SortedDictionary<string, string> expected = HostTree.Of(folder["out"], full: false);
        foreach (string path in expected.Keys.ToArray())
        {
            if (path.StartsWith("[SYSTEM]", StringComparison.Ordinal) || path.Contains(':', StringComparison.Ordinal))
            {
                expected.Remove(path);
            }
        }

        HostTree.AssertSame(expected, HostTree.Of(tree, full: false));
    }
}
