using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Wim;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Wim;

/// <summary>Small images made by wimlib.</summary>
public abstract class WimTreeContractTests : MadeTreeContract
{
    /// <summary>Options of <c>wimlib-imagex capture</c>.</summary>
    protected abstract string Options { get; }

    protected override string[] Tools => ["wimlib-imagex"];

    protected override void Make(TemporaryFolder folder) =>
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir -p source/dir/sub source/many
            cd source
            seq 30000 > dir/numbers
            seq 20 > dir/small
            : > empty
            ln -s dir/numbers short
            ln dir/small dir/sub/hard
            (cd many && seq -f 'a-name-of-some-length-%04g' 200 | xargs touch)
            cd ..
            wimlib-imagex capture source image {{Options}} > make.log 2>&1
            """);

    protected override FileTree OpenTree(BlockSource volume) =>
        WimFileSystem.Open(volume, new FileTreeOptions(new BlockCache(4 << 20)));
}

/// <summary>As it is, so that a change of it meets a parser.</summary>
public sealed class WimStoredContractTests : WimTreeContractTests
{
    protected override string Options => "--compress=none";
}

/// <summary>XPRESS.</summary>
public sealed class WimXpressContractTests : WimTreeContractTests
{
    protected override string Options => "--compress=XPRESS --unix-data --check";
}

/// <summary>LZX.</summary>
public sealed class WimLzxContractTests : WimTreeContractTests
{
    protected override string Options => "--compress=LZX";
}

/// <summary>The file as an image.</summary>
public sealed class WimImageContractTests : ImageContract
{
    protected override string Sample => "wim/mwl-LZX.wim";

    protected override string Format => "wim";
}

/// <summary>Two files as an image.</summary>
public sealed class WimSplitContractTests : ImageContract
{
    protected override string Sample => "wim/split/Split.swm";

    protected override string Format => "wim";
}
