using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Fat;

public sealed class Fat12ContractTests() : FatContractTests(720, string.Empty);

public sealed class Fat16ContractTests() : FatContractTests(4096, "-F 16 -s 1");

public sealed class Fat32ContractTests() : FatContractTests(34816, "-F 32 -s 1");

/// <summary>The contract on a small volume of mkfs.fat, filled by mtools.</summary>
/// <param name="kilobytes">Its size.</param>
/// <param name="options">For mkfs.fat.</param>
public abstract class FatContractTests(int kilobytes, string options) : MadeTreeContract
{
    protected override string[] Tools => ["mkfs.fat", "mcopy"];

    protected override void Make(TemporaryFolder folder)
    {
        FatImages.MakeTree(folder["tree"], 50_000, 40);
        File.Move(FatImages.Make(folder, kilobytes, options), folder["image"]);
    }

    protected override FileTree OpenTree(BlockSource volume) => FatImages.Open(volume);
}
