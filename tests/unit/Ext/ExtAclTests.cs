using Imaged.Formats.Ext;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.UnitTests.Ext;

public sealed class ExtAclTests
{
    [Fact]
    public void Entries_without_a_qualifier_grow_to_the_kernels_form() => Assert.Equal(
        "0200000001000700ffffffff02000500e803000004000400ffffffff",
        Convert.ToHexStringLower(
            ExtAcl.ToKernel(Convert.FromHexString("010000000100070002000500e803000004000400"), 0)));

    [Theory]
    [InlineData("")]
    [InlineData("0100")]
    [InlineData("02000000")]
    [InlineData("0100000001000700ff")]
    [InlineData("0100000002000700e803")]
    public void A_list_that_is_cut_off_or_of_another_version_is_an_error(string hex) =>
        Assert.Throws<ImageFormatException>(() => ExtAcl.ToKernel(Convert.FromHexString(hex), 0));
}
