using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Qcow2;

/// <summary>The image contract on a sample of version 2 by another program.</summary>
public sealed class Qcow2OldContractTests : ImageContract
{
    protected override string Sample => "mkimg/img-1x1-512-gpt.qcow2.gz";

    protected override string Format => "qcow2";
}
