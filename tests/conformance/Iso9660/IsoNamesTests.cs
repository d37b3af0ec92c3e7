using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Iso9660;

public sealed class IsoNamesTests
{
    [Fact]
    public void Joliet_names_are_those_that_another_reader_extracts()
    {
        Requires.Tool("genisoimage", "bsdtar");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir -p source/'a folder'/ünter
            echo 1 > 'source/Größe (1) é€.txt'
            echo 2 > 'source/日本語の名前.txt'
            echo 3 > 'source/a folder/ünter/UPPER lower'
            echo 4 > source/no-extension
            seq 1 5000 > "source/$(printf 'n%.0s' {1..95}).txt"
            genisoimage -quiet -input-charset utf-8 -J -joliet-long -o image source
            mkdir out
            bsdtar -x -C out -f image
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = IsoImage.Open(volume);
        HostTree.AssertSame(HostTree.Of(folder["out"], full: false), HostTree.Of(tree, full: false));
        HostTree.AssertSame(HostTree.Of(folder["source"], full: false), HostTree.Of(tree, full: false));
    }

    [Fact]
    public void Joliet_names_outside_the_basic_plane_are_pairs_of_surrogates()
    {
        Requires.Tool("xorriso");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir source
            echo 1 > 'source/clef 𝄞.txt'
            xorriso -joliet on -compliance joliet_utf16:joliet_long_names -outdev image -map source / 2> log
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = IsoImage.Open(volume, "joliet");
        HostTree.AssertSame(HostTree.Of(folder["source"], full: false), HostTree.Of(tree, full: false));
    }

    [Fact]
    public void Plain_names_are_those_of_another_reader_in_lower_case()
    {
        Requires.Tool("genisoimage", "bsdtar");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir -p source/folder/inner
            echo 1 > source/readme.txt
            echo 2 > source/folder/noext
            echo 3 > source/folder/inner/data.bin
            genisoimage -quiet -o image source
            mkdir out
            bsdtar -x -C out -f image
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = IsoImage.Open(volume);
        SortedDictionary<string, string> expected = new(StringComparer.Ordinal);
        foreach ((string path, string line) in HostTree.Of(folder["out"], full: false))
        {
            expected[path.ToLowerInvariant()] = line;
        }

        HostTree.AssertSame(expected, HostTree.Of(tree, full: false));
        Assert.Null(tree.Volume.Version);
    }

    [Fact]
    public void The_enhanced_tree_keeps_long_names_as_they_are()
    {
        Requires.Tool("genisoimage");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir source
            echo 1 > "source/A name of more than 31 characters, in Both cases.txt"
            genisoimage -quiet -iso-level 4 -o image source
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = IsoImage.Open(volume);
        Assert.Contains("ISO 9660:1999", tree.Volume.Version, StringComparison.Ordinal);
        HostTree.AssertSame(HostTree.Of(folder["source"], full: false), HostTree.Of(tree, full: false));
    }

    [Fact]
    public void Each_of_the_trees_of_one_volume_can_be_chosen()
    {
        Requires.Tool("genisoimage");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir source
            echo 1 > 'source/Some Name.text'
            genisoimage -quiet -R -J -o image source
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        foreach ((string? scheme, string name, string first) in ((string?, string, string)[])
            [
                (null, "Some Name.text", "Rock Ridge 1.10"),
                ("rockridge", "Some Name.text", "Rock Ridge 1.10"),
                ("joliet", "Some Name.text", "Joliet level 3"),
                ("plain", "some_nam.tex", "ISO 9660"),
            ])
        {
            using FileTree tree = IsoImage.Open(volume, scheme);
            Assert.Equal([name], HostTree.Of(tree, full: false).Keys);
            Assert.StartsWith(
                first, tree.Volume.Details.First(d => d.Key == "Extensions").Value, StringComparison.Ordinal);
        }

        Assert.Throws<UnsupportedFeatureException>(() => IsoImage.Open(volume, "enhanced"));
    }
}
