using System.Text;
using CsCheck;
using Imaged.Formats.Codecs;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Codecs;

/// <summary>Blocks by hand, after the LZ4 Block Format Description; those of real encoders are in the conformance
/// tests of the formats, and in the frames of the lz4 program.</summary>
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

    [Theory]
    [InlineData("")]
    [InlineData("-B4 -BD")]
    [InlineData("-B4 -BX --content-size")]
    [InlineData("-B4 -9 -BD -BX --no-frame-crc")]
    public void A_frame_of_the_lz4_program_decodes(string options)
    {
        Requires.Tool("lz4");
        using TemporaryFolder folder = new();
        byte[] plain = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * i / 3000))];
        new Random(1).NextBytes(plain.AsSpan(70_000, 70_000));
        File.WriteAllBytes(folder["plain"], plain);
        byte[] frame = Tool.Run(
            "lz4", [.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "-c", folder["plain"]]).Output;
        byte[] output = new byte[plain.Length + 10];
        Assert.Equal(plain.Length, Lz4FrameDecoder.Decode(frame, output));
        Assert.Equal(plain, output[..plain.Length]);
        Assert.Equal(-1, Lz4FrameDecoder.Decode(frame, output.AsSpan(11)));
        Assert.Equal(-1, Lz4FrameDecoder.Decode(frame.AsSpan(0, frame.Length - 1), output));
        Assert.Equal(-1, Lz4FrameDecoder.Decode([.. frame, 0], output));
        frame[5] ^= 1;
        Assert.Equal(-1, Lz4FrameDecoder.Decode(frame, output));
    }

    [Theory]
    [InlineData("-BX --no-frame-crc")]
    [InlineData("")]
    public void A_checksum_of_a_frame_tells_what_was_changed(string options)
    {
        Requires.Tool("lz4");
        using TemporaryFolder folder = new();
        byte[] plain = [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * i / 30))];
        File.WriteAllBytes(folder["plain"], plain);
        byte[] frame = Tool.Run(
            "lz4", [.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "-c", folder["plain"]]).Output;
        for (int i = 0; i < frame.Length; i++)
        {
            frame[i] ^= 0x10;
            Assert.Equal(-1, Lz4FrameDecoder.Decode(frame, new byte[2000]));
            frame[i] ^= 0x10;
        }
    }

    [Fact]
    public void Any_bytes_behind_the_header_of_a_frame_end_inside_the_destination() =>
        Gen.Byte.Array[0, 60].Sample(bytes => Assert.InRange(
            Lz4FrameDecoder.Decode([0x04, 0x22, 0x4D, 0x18, 0x40, 0x40, 0xC0, .. bytes], new byte[100]), -1, 100));

    [Fact]
    public void Any_bytes_end_inside_the_destination() => Gen.Byte.Array[0, 60].Sample(bytes =>
        Assert.InRange(Lz4Decoder.Decode(bytes, new byte[100]), -1, 100));
}
