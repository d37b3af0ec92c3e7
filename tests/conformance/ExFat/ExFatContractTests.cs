using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.ExFat;

/// <summary>The contract of file trees, for a small volume.</summary>
public sealed class ExFatContractTests : MadeTreeContract
{
    protected override string[] Tools => ExFatImage.Tools;

    protected override void Make(TemporaryFolder folder) => ExFatImage.Make(
        folder,
        "-c 512 -b 4K",
        "3M",
        """
        mkdir -p dir/sub many
        seq 60000 > dir/numbers
        seq 20 > small
        : > empty
        for i in $(seq 20); do seq $i 500 >> turn-1; seq $i 400 >> turn-2; done
        seq -f 'a-name-of-some-length-%03g' 100 | (cd many && xargs touch)
        """);

    protected override FileTree OpenTree(BlockSource volume) => ExFatImage.Open(volume);
}
