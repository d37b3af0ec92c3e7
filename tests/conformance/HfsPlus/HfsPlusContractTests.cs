using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.HfsPlus;

/// <summary>The contract of file trees, for a volume with an attributes file and a resource fork.</summary>
public sealed class HfsPlusContractTests : FileTreeContract
{
    protected override BlockSource OpenVolume() => Samples.Open("dmg/tika-raw-hfs.dmg.xz");

    protected override FileTree OpenTree(BlockSource volume) =>
        FileSystems.Find("hfsplus")!.Open(volume, new FileTreeOptions(new BlockCache(1 << 20)));
}
