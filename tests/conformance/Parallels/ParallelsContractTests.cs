using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Parallels;

/// <summary>The image contract on a real disk.</summary>
public sealed class ParallelsContractTests : ImageContract
{
    protected override string Sample => "parallels/qemu-parallels-v2.bz2";

    protected override string Format => "parallels";
}
