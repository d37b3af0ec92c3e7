using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Iso9660;

public sealed class IsoRockRidgeTests
{
    [Theory]
    [InlineData("genisoimage -R -o image source")]
    [InlineData("genisoimage -R -J -joliet-long -iso-level 4 -o image source")]
    [InlineData("xorriso -as mkisofs -R -J -o image source")]
    [InlineData("xorriso -as mkisofs -R -iso-level 3 --acl --xattr-any --hardlinks -o image source")]
    [InlineData("xorriso -hardlinks on -compliance deep_paths_off:long_paths_off:old_rr -outdev image -map source /")]
    [InlineData("xorriso -hardlinks on -compliance deep_paths_off:new_rr:iso_9660_level=1 -outdev image -map source /")]
    public void The_tree_is_that_of_the_folder_that_the_image_was_made_of(string command)
    {
        using TemporaryFolder folder = new();
        using BlockSource volume = IsoImage.OpenVolume(IsoImage.Make(folder, command));
        using FileTree tree = IsoImage.Open(volume);
        HostTree.AssertSame(HostTree.Of(folder["source"], full: true), HostTree.Of(tree, full: true));
    }
}
