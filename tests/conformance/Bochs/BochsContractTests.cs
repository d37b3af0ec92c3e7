using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Bochs;

/// <summary>The image contract on a real disk.</summary>
public sealed class BochsContractTests : ImageContract
{
    protected override string Sample => "bochs/qemu-empty.bochs.bz2";

    protected override string Format => "bochs";
}
