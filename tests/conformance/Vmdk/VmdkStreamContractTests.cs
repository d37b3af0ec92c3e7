using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Vmdk;

/// <summary>The image contract on a real streamOptimized.</summary>
public sealed class VmdkStreamContractTests : ImageContract
{
    protected override string Sample => "vmdk/sf-streamOptimized.vmdk.xz";

    protected override string Format => "vmdk";
}
