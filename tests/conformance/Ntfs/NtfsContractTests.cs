using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Ntfs;

/// <summary>The contract of file trees, for a small volume.</summary>
public sealed class NtfsContractTests : MadeTreeContract
{
    protected override string[] Tools => NtfsImage.Tools;

    protected override void Make(TemporaryFolder folder) => NtfsImage.Make(
        folder,
        "-c 512",
        "4M",
        """
        mkdir -p dir/sub many compressed
        seq 60000 > dir/numbers
        seq 20 > small
        : > empty
        ln small dir/hard
        ln -s dir/numbers link
        truncate -s 300000 sparse
        echo middle | dd of=sparse bs=1 seek=100000 conv=notrunc status=none
        setfattr -n user.note -v text small
        setfattr -h -v 0x00000800 -n system.ntfs_attrib_be compressed
        seq 20000 > compressed/numbers
        for i in $(seq 20); do seq $i 500 >> turn-1; seq $i 400 >> turn-2; done
        seq -f 'a-name-of-some-length-%03g' 100 | (cd many && xargs touch)
        """);

    protected override FileTree OpenTree(BlockSource volume) => NtfsImage.Open(volume);
}
