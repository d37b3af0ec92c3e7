using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Fuse.Handlers;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Fuse;

/// <summary>The tree of a real file system behind a real mount, against the folder that it was made of.</summary>
public sealed class IsoMountTests
{
    [Fact]
    public void A_mounted_disc_equals_the_folder_that_it_was_made_of()
    {
        FuseMount.Require();
        Requires.Tool("xorriso");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir -p in/deep/er
            for i in $(seq 1 400); do echo "file $i" > "in/deep/a file with number $i.txt"; done
            head -c 3000000 /dev/urandom > in/random
            ln in/random in/deep/er/hard
            ln -s ../random in/deep/symbolic
            printf x > in/$'n\xc3\xa4me'
            chmod 640 in/random
            chmod 1777 in/deep/er
            find in -exec touch -h -d '2001-02-03 04:05:06' {} + # Rock Ridge has whole seconds
            xorriso -as mkisofs -quiet -R -o disc.iso in 2> /dev/null
            """);
        using FileSource disc = FileSource.Open(folder["disc.iso"]);
        using FileTree tree = FileSystems.Open(disc, "iso9660", new FileTreeOptions(new BlockCache(16 << 20)));
        using TreeHandler handler = new(tree, new());
        using ServedMount served = new(handler);
        Tool.Run("diff", "-r", "--no-dereference", folder["in"], served.Mount.Path);
        const string format = "%P %y %m %U %G %T@ %l %s\\n";
        string find(string root, string type) =>
            Tool.Shell($"cd '{root}' && find . -mindepth 1 {type} -printf '{format}' | sort").Text;
        Assert.Equal(find(folder["in"], "! -type d"), find(served.Mount.Path, "! -type d"));
        const string directories = "-type d -printf '%P %m %T@\\n' | sort";
        Assert.Equal(
            Tool.Shell($"cd '{folder["in"]}' && find . -mindepth 1 {directories}").Text,
            Tool.Shell($"cd '{served.Mount.Path}' && find . -mindepth 1 {directories}").Text);
        Assert.Empty(served.Failures);
    }
}
