using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Apfs;

/// <summary>The contract of file trees, for a container of macOS with folders, a link, attributes and a fork.</summary>
public sealed class ApfsContractTests : FileTreeContract
{
    protected override BlockSource OpenVolume() => Samples.Open("raw/dfvfs-apfs.raw.xz");

    protected override FileTree OpenTree(BlockSource volume) =>
        FileSystems.Find("apfs")!.Open(volume, new FileTreeOptions(new BlockCache(1 << 20)));
}
