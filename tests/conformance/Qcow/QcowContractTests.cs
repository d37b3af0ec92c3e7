using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Qcow;

/// <summary>The image contract on a sample.</summary>
public sealed class QcowContractTests : ImageContract
{
    protected override string Sample => "qcow/tsk-image.qcow";

    protected override string Format => "qcow";
}
