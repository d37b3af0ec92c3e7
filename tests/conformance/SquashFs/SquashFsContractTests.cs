using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.SquashFs;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.SquashFs;

/// <summary>Small volumes made by mksquashfs.</summary>
public abstract class SquashFsContractTests : MadeTreeContract
{
    /// <summary>Options of mksquashfs.</summary>
    protected abstract string Options { get; }

    protected override string[] Tools => ["mksquashfs"];

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
            truncate -s 900000 sparse
            seq 100 | dd of=sparse bs=1 seek=400000 conv=notrunc status=none
            seq -f 'a-name-of-some-length-%04g' 700 | (cd many && xargs touch)
            setfattr -n user.note -v text dir/small 2>/dev/null || true
            cd ..
            mksquashfs source image {{Options}} -noappend -quiet > make.log 2>&1
            """);

    protected override FileTree OpenTree(BlockSource volume) =>
        SquashFsFileSystem.Open(volume, new FileTreeOptions(new BlockCache(4 << 20)));
}

/// <summary>With the defaults.</summary>
public sealed class SquashFsGzipContractTests : SquashFsContractTests
{
    protected override string Options => "-comp gzip";
}

/// <summary>With metadata as it is, so that a change of it meets a parser.</summary>
public sealed class SquashFsStoredContractTests : SquashFsContractTests
{
    protected override string Options => "-comp lz4 -noI -noX -noId -b 4096 -no-fragments";
}

/// <summary>With zstd and xz, whose decoders are the system's.</summary>
public sealed class SquashFsZstdContractTests : SquashFsContractTests
{
    protected override string Options => "-comp zstd -noI";
}

/// <summary>See above.</summary>
public sealed class SquashFsXzContractTests : SquashFsContractTests
{
    protected override string Options => "-comp xz -noI -b 65536";
}
