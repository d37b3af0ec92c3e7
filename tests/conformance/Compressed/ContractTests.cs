using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Compressed;

/// <summary>The image contract on a gzip file.</summary>
public sealed class GzipContractTests : ImageContract
{
    protected override string Sample => "iso/grub-early_ce.iso.gz";

    protected override string Format => "gzip";

    protected override bool Unpack => false;
}

/// <summary>The image contract on a bzip2 file.</summary>
public sealed class Bzip2ContractTests : ImageContract
{
    protected override string Sample => "bochs/qemu-empty.bochs.bz2";

    protected override string Format => "bzip2";

    protected override bool Unpack => false;
}

/// <summary>The image contract on an xz file.</summary>
public sealed class XzContractTests : ImageContract
{
    protected override string Sample => "iso/libcdio-joliet.iso.xz";

    protected override string Format => "xz";

    protected override bool Unpack => false;
}

/// <summary>The image contract on a file of compress.</summary>
public sealed class CompressContractTests : ImageContract
{
    protected override string Sample => "iso/libarchive-iso_2.iso.Z";

    protected override string Format => "compress";

    protected override bool Unpack => false;
}
