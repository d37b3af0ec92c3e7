using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Iso9660;

public sealed class IsoRockRidgeContract : IsoContract
{
    protected override string Command => "xorriso -as mkisofs -R -J --hardlinks -o image small";
}

public sealed class IsoRelocatedContract : IsoContract
{
    protected override string Command => "genisoimage -R -o image small";
}

public sealed class IsoJolietContract : IsoContract
{
    protected override string Command => "genisoimage -J -joliet-long -o image small";
}

public sealed class IsoPlainContract : IsoContract
{
    protected override string Command => "genisoimage -iso-level 4 -o image small";

    protected override string Extensions => "plain";
}

public sealed class IsoZisofsContract : IsoContract
{
    protected override string Command => "xorriso -outdev image -map small / -set_filter_r --zisofs / --";
}

public sealed class IsoMultiExtentContract : FileTreeContract
{
    protected override BlockSource OpenVolume() => Samples.Open("iso/libcdio-multi_extent_8k.iso");

    protected override FileTree OpenTree(BlockSource volume) => IsoImage.Open(volume);
}

/// <summary>The contract on a small image that a program makes.</summary>
public abstract class IsoContract : MadeTreeContract
{
    /// <summary>Makes <c>image</c> of the folder <c>small</c>.</summary>
    protected abstract string Command { get; }

    /// <summary>Which names.</summary>
    protected virtual string? Extensions => null;

    protected override string[] Tools => [Command.Split(' ')[0]];

    protected override void Make(TemporaryFolder folder) =>
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir -p small/a/b/c/d/e/f/g/h/i/j 'small/with space'
            head -c 200000 /dev/zero > small/zero.bin
            seq 1 40000 > small/numbers.txt
            ln small/numbers.txt small/again.txt
            ln -s a/b/../c small/link
            mkfifo small/fifo
            echo deep > small/a/b/c/d/e/f/g/h/i/j/deep
            for i in {1..60}; do echo $i > "small/with space/a rather long name, number $i"; done
            {{Command}} > make.log 2>&1
            """);

    protected override FileTree OpenTree(BlockSource volume) => IsoImage.Open(volume, Extensions);
}
