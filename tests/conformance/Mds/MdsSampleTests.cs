using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Mds;

/// <summary>A descriptor of version 1 by WinISO; the volume that iat extracts.</summary>
public sealed class MdsSampleTests : ImageContract
{
    protected override string Sample => "mds/winiso/defaultArchive.mds";

    protected override string Format => "mds";

    [Fact]
    public void The_volume_is_the_one_that_iat_extracts()
    {
        using ImageSample sample = ImageSample.Open(Sample);
        Assert.Equal(139264, sample.Disk.Length);
        Assert.Equal(
            "18eb071a7eae653100d31dbedc3283dbddae814d036ac8a57024799b3adbf38f", ImageSample.Sha256(sample.Disk));
    }
}
