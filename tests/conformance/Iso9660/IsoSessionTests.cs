using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Iso9660;

public sealed class IsoSessionTests
{
    [Fact]
    public void An_image_that_grew_shows_its_newest_session_and_each_one_that_is_asked_for()
    {
        Requires.Tool("xorriso");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            for i in 1 2 3; do
                mkdir source$i
                seq 1 $((i * 10000)) > source$i/file$i
                xorriso -volid "SESSION$i" -dev image -map source$i /add$i -commit 2>> log
            done
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        foreach ((int? session, string[] folders) in ((int?, string[])[])
            [(null, ["add1", "add2", "add3"]), (1, ["add1"]), (2, ["add1", "add2"]), (3, ["add1", "add2", "add3"])])
        {
            using FileTree tree = IsoImage.Open(volume, session: session);
            Assert.Equal(folders, tree.ReadDirectory(tree.Root.Id, 0).Select(entry => TreeWalk.Text(entry.Name)));
            foreach (string name in folders)
            {
                string path = $"source{name[^1]}/file{name[^1]}";
                Assert.Equal(File.ReadAllBytes(folder[path]), TreeWalk.ReadFile(tree, $"{name}/file{name[^1]}"));
            }
        }

        using FileTree newest = IsoImage.Open(volume);
        Assert.Contains(newest.Volume.Details, detail => detail is { Key: "Sessions", Value: "3" });
        Assert.Equal("SESSION3", newest.Volume.Label);
        Assert.Throws<UnsupportedFeatureException>(() => IsoImage.Open(volume, session: 4));
        Assert.Throws<UnsupportedFeatureException>(() => IsoImage.Open(volume, session: 0));
    }

    [Fact]
    public void Sessions_that_follow_each_other_without_a_copy_are_found()
    {
        using BlockSource volume = Samples.Open("blkid/iso-multi-0-174-348-genisoimage.img.xz");
        using FileTree last = IsoImage.Open(volume);
        Assert.Contains(last.Volume.Details, detail => detail is { Key: "Sessions", Value: "3" });
        using FileTree first = IsoImage.Open(volume, session: 1);
        Assert.Equal("first session", first.Volume.Label);
    }

    [Fact]
    public void A_second_session_on_its_own_shows_its_own_files()
    {
        Requires.Tool("genisoimage");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir -p one two/inner
            seq 1 1000 > one/first
            seq 1 2000 > two/inner/second
            genisoimage -quiet -R -o a one
            genisoimage -quiet -R -C 0,5000 -M a -o b two
            """);
        using BlockSource volume = FileSource.Open(folder["b"]);
        using FileTree tree = IsoImage.Open(volume);
        Assert.Equal(File.ReadAllBytes(folder["two/inner/second"]), TreeWalk.ReadFile(tree, "inner/second"));
        NodeInfo first = TreeWalk.Find(tree, "first");
        Assert.Equal(new FileInfo(folder["one/first"]).Length, first.Size);
        using BlockSource file = tree.OpenFile(first.Id);
        Assert.Throws<ImageFormatException>(() => file.ReadBytes(0, 1));
        Assert.Contains(
            tree.Volume.Warnings, warning => warning.StartsWith("a later session", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_image_behind_the_first_is_no_session()
    {
        Requires.Tool("genisoimage");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir one two
            echo 1 > one/first
            echo 2 > two/second
            genisoimage -quiet -R -o a one
            genisoimage -quiet -R -o b two
            cat a b > image
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = IsoImage.Open(volume);
        Assert.Equal(["first"], HostTree.Of(tree, full: false).Keys);
    }
}
