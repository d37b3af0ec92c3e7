using System.Text;
using CsCheck;
using Imaged.Formats.Codecs;
using Xunit;

namespace Imaged.UnitTests.Codecs;

/// <summary>Blocks by hand, after the LZ4 Block Format Description; those of real encoders are in the conformance
/// tests of the formats.</summary>
public sealed class Lz4DecoderTests
{
    [Theory]
    [InlineData("50" + "68656c6c6f", "hello")]
    [InlineData("1a" + "61" + "0100" + "10" + "62", "aaaaaaaaaaaaaaab")]
    [InlineData("33" + "616263" + "0300" + "10" + "21", "abcabcabca!")]
    [InlineData("1f" + "61" + "0100" + "ff00" + "10" + "21", null)]
    public void A_block_decodes_to_its_text(string hex, string? expected)
    {
        expected ??= new string('a', 1 + 15 + 255 + 4) + "!";
        byte[] output = new byte[expected.Length];
        Assert.Equal(output.Length, Lz4Decoder.Decode(Convert.FromHexString(hex), output));
        Assert.Equal(expected, Encoding.ASCII.GetString(output));
    }

    [Theory]
    [InlineData("")]
    [InlineData("50" + "6865")]
    [InlineData("10" + "61" + "0000" + "00")]
    [InlineData("10" + "61" + "0200" + "00")]
    [InlineData("10" + "61" + "01")]
    [InlineData("f0" + "ff")]
    [InlineData("1f" + "61" + "0100" + "ffffffffffff00")]
    public void A_damaged_block_is_told(string hex) =>
        Assert.Equal(-1, Lz4Decoder.Decode(Convert.FromHexString(hex), new byte[64]));

    [Fact]
    public void Any_bytes_end_inside_the_destination() => Gen.Byte.Array[0, 60].Sample(bytes =>
        Assert.InRange(Lz4Decoder.Decode(bytes, new byte[100]), -1, 100));
}
