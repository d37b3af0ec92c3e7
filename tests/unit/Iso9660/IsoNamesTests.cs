using System.Text;
using Imaged.Formats.Iso9660;
using Xunit;

namespace Imaged.UnitTests.Iso9660;

public sealed class IsoNamesTests
{
    [Theory]
    [InlineData("README.TXT;1", "readme.txt")]
    [InlineData("NOEXT.;1", "noext")]
    [InlineData("NOEXT;1", "noext")]
    [InlineData("OLD.TXT;2", "old.txt.2")]
    [InlineData("A/B", "a.b")]
    [InlineData("NAME\0REST", "name")]
    [InlineData(";1", "_")]
    [InlineData("..", "__")]
    public void Plain_names_are_mapped_as_linux_does(string identifier, string name)
    {
        byte[] buffer = new byte[IsoNames.MaxLength];
        int length = IsoNames.Plain(Encoding.Latin1.GetBytes(identifier), buffer);
        Assert.Equal(name, Encoding.Latin1.GetString(buffer, 0, length));
    }

    [Theory]
    [InlineData("a/b\0c", "a_b_c")]
    [InlineData(".", "_")]
    [InlineData("..", "__")]
    [InlineData("...", "...")]
    public void Verbatim_names_can_be_no_paths(string identifier, string name)
    {
        byte[] buffer = new byte[IsoNames.MaxLength];
        int length = IsoNames.Verbatim(Encoding.Latin1.GetBytes(identifier), buffer);
        Assert.Equal(name, Encoding.Latin1.GetString(buffer, 0, length));
    }

    [Theory]
    [InlineData("Name.txt;1", "Name.txt")]
    [InlineData("dots...", "dots")]
    [InlineData("日本/語", "日本_語")]
    [InlineData("😀;1", "😀")]
    [InlineData("..", "_")]
    public void Joliet_names_become_utf_8(string identifier, string name)
    {
        byte[] buffer = new byte[IsoNames.MaxLength];
        byte[] raw = [.. identifier.SelectMany(c => new[] { (byte)(c >> 8), (byte)c })];
        int length = IsoNames.Joliet(raw, 4096, buffer);
        Assert.Equal(name, Encoding.UTF8.GetString(buffer, 0, length));
    }

    [Fact]
    public void Half_a_surrogate_pair_becomes_the_replacement_character()
    {
        byte[] buffer = new byte[IsoNames.MaxLength];
        int length = IsoNames.Joliet([0, (byte)'a', 0xd8, 0x3d, 0, (byte)'b', 0xdc, 0x00], 4096, buffer);
        Assert.Equal("a\ufffdb\ufffd", Encoding.UTF8.GetString(buffer, 0, length));
    }

    [Fact]
    public void Joliet_names_that_are_too_long_stay_apart()
    {
        byte[] raw = [.. Enumerable.Repeat(new byte[] { 0x65, 0xe5 }, 103).SelectMany(c => c)];
        byte[] one = new byte[IsoNames.MaxLength];
        byte[] two = new byte[IsoNames.MaxLength];
        int length = IsoNames.Joliet(raw, 4096, one);
        Assert.InRange(length, 200, IsoNames.MaxLength);
        Assert.Equal(length, IsoNames.Joliet(raw, 8192, two));
        Assert.NotEqual(one, two);
        Assert.DoesNotContain('\ufffd', Encoding.UTF8.GetString(one, 0, length));
    }
}
