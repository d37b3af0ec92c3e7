using Imaged.Blocks;
using Imaged.Formats.Fat;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Fat;

public sealed class Fat12ContractTests : FatContractTests
{
    private static readonly Lazy<byte[]> Bytes = new(() => Make(720, string.Empty));

    protected override byte[] Image => Bytes.Value;
}

public sealed class Fat16ContractTests : FatContractTests
{
    private static readonly Lazy<byte[]> Bytes = new(() => Make(4096, "-F 16 -s 1"));

    protected override byte[] Image => Bytes.Value;
}

public sealed class Fat32ContractTests : FatContractTests
{
    private static readonly Lazy<byte[]> Bytes = new(() => Make(34816, "-F 32 -s 1"));

    protected override byte[] Image => Bytes.Value;
}

public abstract class FatContractTests : FileTreeContract
{
    protected abstract byte[] Image { get; }

    protected static byte[] Make(int kilobytes, string options)
    {
        using TemporaryFolder folder = new();
        FatImages.MakeTree(folder["tree"], 50_000, 40);
        return File.ReadAllBytes(FatImages.Make(folder, kilobytes, options));
    }

    protected override BlockSource OpenVolume()
    {
        Requires.Tool("mkfs.fat", "mcopy");
        return new MemorySource(Image);
    }

    protected override FileTree OpenTree(BlockSource volume) =>
        FatFileSystem.Open(volume, new FileTreeOptions(new BlockCache(1 << 20)));
}
