using Imaged.Blocks;
using Imaged.Conformance.ExFat;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.UsedBlockMaps;

/// <summary>Maps of exFAT, against partclone.</summary>
public sealed class ExFatUsedTests
{
    [Theory]
    [InlineData("-c 4096", "100M")]
    [InlineData("-c 512", "80000513")]
    [InlineData("-c 131072", "200M")]
    public void Partclone_saves_the_same(string options, string size)
    {
        Requires.Tool([.. ExFatImage.Tools, "partclone.exfat", "fsck.exfat"]);
        using TemporaryFolder folder = new();
        string image = Make(folder, options, size);
        UsedBlocks used = UsedVolume.ReadPart(image, "exfat");
        UsedVolume.AssertCoversPartclone(folder, "exfat", used, 65536);
        string restored = UsedVolume.Restore(folder, used);
        UsedVolume.Check("fsck.exfat -n {0}", restored);
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            export PATH=$PATH:/usr/sbin:/sbin
            device=$(losetup --find --show restored)
            trap 'cd /; if mountpoint -q "{{folder.Path}}/mnt"; then umount "{{folder.Path}}/mnt"; fi
                losetup -d "$device"' EXIT
            mount.exfat-fuse -o ro "$device" mnt > mount.log 2>&1
            cd mnt
            find . -type f -exec sha256sum {} + | sort > ../found
            cmp ../found ../sums
            """);
        UsedVolume.AssertWhole(folder["dirty"], "exfat", "not unmounted cleanly");
    }

    [Fact]
    public void Damage_ends_in_a_map()
    {
        Requires.Tool(ExFatImage.Tools);
        using TemporaryFolder folder = new();
        string image = Make(folder, "-c 512", "8M", "FILES=20 LARGE=100000");
        byte[] bytes = File.ReadAllBytes(image);
        using (MemorySource volume = new(bytes))
        {
            HostileInput.Try(volume, UsedVolume.Touch);
        }

        Tool.Run("truncate", "-s", "-1K", image);
        UsedVolume.AssertWhole(image, "exfat", "shorter than the file system");

        // The bit of the bitmap's own first cluster, which is the first one of all.
        int heap = BitConverter.ToInt32(bytes, 88) << bytes[108];
        bytes[heap] &= 0xfe;
        File.WriteAllBytes(image, bytes);
        UsedVolume.AssertWhole(image, "exfat", "leaves out itself");
    }

    private static string Make(TemporaryFolder folder, string options, string size, string environment = "") =>
        ExFatImage.Make(
            folder,
            options,
            size,
            $"export {environment} X=\n{UsedVolume.Fill}\ncp --sparse=always ../image ../dirty",
            "find . -type f -exec sha256sum {} + | sort > ../sums");
}
