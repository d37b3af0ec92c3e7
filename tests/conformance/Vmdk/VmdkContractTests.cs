using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Vmdk;

/// <summary>The image contract on a real monolithicSparse.</summary>
public sealed class VmdkContractTests : ImageContract
{
    protected override string Sample => "vmdk/dfvfs-ext2.vmdk";

    protected override string Format => "vmdk";
}
