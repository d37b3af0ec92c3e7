using Imaged.Blocks;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.Conformance.Udf;

/// <summary>Images that the kernel's driver filled, against what the kernel itself said of them.</summary>
public class UdfKernelTests
{
    [Theory]
    [InlineData("hd512-1.02")]
    [InlineData("hd512-2.01")]
    [InlineData("hd2048-2.01")]
    [InlineData("hd4096-2.00")]
    [InlineData("dvdram-1.02")]
    [InlineData("cdrw-1.50")]
    [InlineData("dvdrw-2.01")]
    [InlineData("spared-1.50")]
    [InlineData("vat-1.50")]
    [InlineData("vat-2.01")]
    [InlineData("metadata-2.50")]
    public void Every_node_is_as_the_kernel_shows_it(string name)
    {
        using MemorySource volume = UdfSample.Open(name);
        using FileTree tree = UdfSample.OpenTree(volume);
        Assert.Equal(UdfSample.KernelListing(name), UdfSample.Listing(tree));
    }
}
