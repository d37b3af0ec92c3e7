using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.AndroidSparse;

/// <summary>The image contract on a real image.</summary>
public sealed class AndroidSparseContractTests : ImageContract
{
    protected override string Sample => "androidsparse/kaitai-fill.img";

    protected override string Format => "androidsparse";
}
