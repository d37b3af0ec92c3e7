using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Cloop;

/// <summary>The image contract on a real image.</summary>
public sealed class CloopContractTests : ImageContract
{
    protected override string Sample => "cloop/qemu-simple-pattern.cloop.bz2";

    protected override string Format => "cloop";
}
