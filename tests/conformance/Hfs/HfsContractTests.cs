using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Hfs;

/// <summary>The contract of file trees, for a volume with folders, forks, and a file in many pieces.</summary>
public sealed class HfsContractTests : MadeTreeContract
{
    protected override string[] Tools => ["hformat"];

    protected override void Make(TemporaryFolder folder)
    {
        File.WriteAllBytes(folder["forks"], HfsImage.MakeMacBinary("forks", new byte[5000], new byte[900]));
        HfsImage.Make(folder, "1M", """
            hcopy -m forks :
            hmkdir ':folder'
            for i in {10..40}; do head -c 20000 /dev/urandom > part; hcopy -r part ":part$i"; done
            for i in {10..40..2}; do hdel ":part$i"; done
            head -c 150000 /dev/urandom > big
            hcopy -r big ':folder:big'
            """);
    }

    protected override FileTree OpenTree(BlockSource volume) => HfsImage.Open(volume);
}
