using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Vhd;

/// <summary>The image contract on a dynamic disk.</summary>
public sealed class VhdContractTests : ImageContract
{
    protected override string Sample => "vhd/dfvfs-ext2.vhd.xz";

    protected override string Format => "vhd";
}
