using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Vhdx;

/// <summary>The image contract on a disk of Hyper-V.</summary>
public sealed class VhdxContractTests : ImageContract
{
    protected override string Sample => "vhdx/ltr-swap.vhdx.gz";

    protected override string Format => "vhdx";
}
