using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Vhd;

/// <summary>The image contract on a fixed disk.</summary>
public sealed class VhdFixedContractTests : ImageContract
{
    protected override string Sample => "vhd/ronin-fixed.vhd.xz";

    protected override string Format => "vhd";
}
