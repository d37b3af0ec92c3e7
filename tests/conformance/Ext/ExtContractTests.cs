using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Ext;

/// <summary>Small volumes made from a folder, without a mount.</summary>
public abstract class ExtContractTests : MadeTreeContract
{
    /// <summary>The command that makes the volume from the folder <c>source</c>.</summary>
    protected abstract string Command { get; }

    protected override string[] Tools => ["mke2fs"];

    protected override void Make(TemporaryFolder folder) =>
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            truncate -s 4M image
            mkdir -p source/dir/sub source/many
            cd source
            seq 60000 > dir/numbers
            seq 20 > dir/small
            seq 8 > small
            : > empty
            ln -s dir/numbers short
            ln -s "$(printf 'long/%.0s' $(seq 40))" long
            ln dir/small dir/sub/hard
            truncate -s 900000 sparse
            seq 100 | dd of=sparse bs=1 seek=400000 conv=notrunc status=none
            seq -f 'a-name-of-some-length-%03g' 150 | (cd many && xargs touch)
            setfattr -n user.note -v text small 2>/dev/null || true
            setfattr -n user.other -v "$(seq 60)" dir/small 2>/dev/null || true
            cd ..
            {{Command}} -d source image > make.log 2>&1
            """);

    protected override FileTree OpenTree(BlockSource volume) => ExtImage.Open(volume);
}

/// <summary>ext2 with indirect blocks.</summary>
public sealed class Ext2ContractTests : ExtContractTests
{
    protected override string Command => "mke2fs -F -t ext2 -b 1024";
}

/// <summary>ext4 with extents.</summary>
public sealed class Ext4ContractTests : ExtContractTests
{
    protected override string Command => "mke2fs -F -t ext4 -b 1024 -O ^has_journal";
}

/// <summary>ext4 with data in the inode.</summary>
public sealed class Ext4InlineContractTests : ExtContractTests
{
    protected override string Command => "mke2fs -F -t ext4 -b 4096 -I 512 -O ^has_journal,inline_data,64bit";
}
