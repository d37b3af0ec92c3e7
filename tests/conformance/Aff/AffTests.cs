using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Aff;

/// <summary>The format before AFF4.</summary>
public sealed class AffTests
{
    [Fact]
    public void It_is_recognised_and_refused_by_name()
    {
        UnsupportedFeatureException error =
            Assert.Throws<UnsupportedFeatureException>(() => ImageSample.Open("aff/afflib-encrypted.aff").Dispose());
        Assert.Equal("aff", error.Format);
        Assert.Contains("affconvert", error.Feature, StringComparison.Ordinal);
    }
}
