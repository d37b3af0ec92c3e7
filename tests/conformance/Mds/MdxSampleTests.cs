using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Mds;

/// <summary>Images by DAEMON Tools; the repository that they are from has the volume.</summary>
public sealed class MdxSampleTests : ImageContract
{
    private const string Volume = "f49667cc27d051908af7203696206cc00e822898d656d83dff7c7932c894f0e0";
    private const string Encrypted = "mdx/test_pass.mdx";

    protected override string Sample => "mdx/test_compress.mdx";

    protected override string Format => "mds";

    [Theory]
    [InlineData("mdx/test.mds", null)]
    [InlineData("mdx/test.mdx", null)]
    [InlineData("mdx/test_compress.mdx", null)]
    [InlineData(Encrypted, "pass")]
    public void The_volume_is_the_one_in_the_repository(string name, string? password)
    {
        using ImageSample sample = ImageSample.Open(name, password: password);
        Assert.Equal("mds", sample.Image.Format.Id);
        Assert.Empty(sample.Image.Warnings);
        Assert.Equal(362496, sample.Disk.Length);
        Assert.Equal(Volume, ImageSample.Sha256(sample.Disk));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("Pass", false)]
    public void Encrypted_sectors_need_their_password(string? password, bool isMissing)
    {
        PasswordException error = Assert.Throws<PasswordException>(
            () => ImageSample.Open(Encrypted, password: password).Dispose());
        Assert.Equal(isMissing, error.IsMissing);
    }
}
