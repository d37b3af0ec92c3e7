using Imaged.Blocks;
using Imaged.Conformance.Ntfs;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.UsedBlockMaps;

/// <summary>Maps of NTFS, against partclone.</summary>
public sealed class NtfsUsedTests
{
    private const string Sums = "find . -type f -exec sha256sum {} + | sort > ../sums";

    [Theory]
    [InlineData("-c 4096", "100M")]
    [InlineData("-c 512", "80000513")]
    [InlineData("-c 65536", "200M")]
    [InlineData("-s 4096 -c 4096", "100M")]
    public void Partclone_saves_the_same(string options, string size)
    {
        Requires.Tool([.. NtfsImage.Tools, "partclone.ntfs", "ntfsfix"]);
        using TemporaryFolder folder = new();
        string image = NtfsImage.Make(folder, options, size, UsedVolume.Fill, Sums);
        UsedBlocks used = UsedVolume.ReadPart(image, "ntfs");
        UsedVolume.AssertCoversPartclone(folder, "ntfs", used, 131072);
        string restored = UsedVolume.Restore(folder, used);
        UsedVolume.Check("ntfsfix -n {0}", restored);
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            trap 'cd /; if mountpoint -q "{{folder.Path}}/mnt"; then umount "{{folder.Path}}/mnt"; wait; fi' EXIT
            ntfs-3g -o no_detach,ro restored mnt > mount.log 2>&1 < /dev/null &
            until mountpoint -q mnt; do kill -0 $! || { cat mount.log >&2; exit 1; }; done
            cd mnt
            find . -type f -exec sha256sum {} + | sort > ../found
            cmp ../found ../sums
            """);
    }

    [Fact]
    public void A_dirty_or_damaged_volume_is_saved_as_a_whole()
    {
        Requires.Tool([.. NtfsImage.Tools, "ntfsfix", "ntfscluster"]);
        using TemporaryFolder folder = new();
        string image = NtfsImage.Make(
            folder, "-c 4096", "16M", "echo x > file", after: "cp image clean; ntfsfix image > fix.log");
        UsedVolume.AssertWhole(image, "ntfs", "marked as dirty");

        Assert.Null(UsedVolume.Read(folder["clean"]).WholeBecause);
        byte[] bytes = File.ReadAllBytes(folder["clean"]);
        using (MemorySource volume = new(bytes))
        {
            HostileInput.Try(volume, UsedVolume.Touch);
        }

        // As ntfscluster lists the runs of file 6: "Dump: (*) 0x80 - $DATA", then "VCN LCN Length".
        string text = Tool.Run("ntfscluster", "-I", "6", folder["clean"]).Text;
        string[] run = text[text.IndexOf("0x80", StringComparison.Ordinal)..].Split('\n')
            .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .First(words => words.Length == 3 && words.All(word => word.All(char.IsAsciiDigit)));
        bytes[int.Parse(run[1], System.Globalization.CultureInfo.InvariantCulture) * 4096] = 0;
        File.WriteAllBytes(folder["clean"], bytes);
        UsedVolume.AssertWhole(folder["clean"], "ntfs", "leaves out itself");
        Tool.Run("truncate", "-s", "-8K", folder["clean"]);
        UsedVolume.AssertWhole(folder["clean"], "ntfs", "shorter than the file system");
    }
}
