using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Qcow2;

/// <summary>The image contract on a sample of version 3.</summary>
public sealed class Qcow2ContractTests : ImageContract
{
    protected override string Sample => "qcow2/dfvfs-ext2.qcow2.xz";

    protected override string Format => "qcow2";
}
