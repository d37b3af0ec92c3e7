using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Vdi;

/// <summary>The image contract on a real disk.</summary>
public sealed class VdiContractTests : ImageContract
{
    protected override string Sample => "vdi/vbox-BenaliOssama.vdi.xz";

    protected override string Format => "vdi";
}
