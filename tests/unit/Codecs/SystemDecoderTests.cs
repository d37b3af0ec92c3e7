using System.IO.Compression;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Codecs;

/// <summary>Data made by xz, zstd, bzip2 and the base library, decoded to exactly, more than, and less than its
/// length.</summary>
public sealed class SystemDecoderTests
{
    [Theory]
    [InlineData("xz")]
    [InlineData("lzma")]
    [InlineData("zstd")]
    [InlineData("bzip2")]
    [InlineData("zlib")]
    public void Whole_data_decodes_and_nothing_is_written_behind_the_destination(string method)
    {
        byte[] plain = [.. Enumerable.Range(0, 50_000).Select(i => (byte)(i * i / 300))];
        byte[] packed = Pack(method, plain);
        byte[] output = new byte[plain.Length];
        Assert.Equal(plain.Length, Decode(method, packed, output));
        Assert.Equal(plain, output);

        byte[] larger = new byte[plain.Length + 100];
        Assert.Equal(plain.Length, Decode(method, packed, larger));
        Assert.Equal(plain, larger[..plain.Length]);

        byte[] guarded = new byte[plain.Length];
        Assert.NotEqual(plain.Length, Decode(method, packed, guarded.AsSpan(0, 1000)));
        Assert.False(guarded.AsSpan(1000).ContainsAnyExcept((byte)0));
    }

    [Theory]
    [InlineData("xz")]
    [InlineData("zstd")]
    [InlineData("bzip2")]
    [InlineData("zlib")]
    public void Data_that_is_cut_off_is_told(string method)
    {
        byte[] plain = [.. Enumerable.Range(0, 5_000).Select(i => (byte)(i * i / 300))];
        byte[] packed = Pack(method, plain);
        Assert.NotEqual(plain.Length, Decode(method, packed.AsSpan(0, packed.Length / 2), new byte[plain.Length]));
        Assert.Equal(-1, Decode(method, "no such data, surely"u8, new byte[100]));
    }

    [Fact]
    public void Data_of_many_bzip2_blocks_and_streams_decode()
    {
        byte[] plain = [.. Enumerable.Range(0, 2_500_000).Select(i => (byte)(i * i / 300))];
        byte[] one = Pack("bzip2", plain);
        byte[] none = Pack("bzip2", []);
        byte[] output = new byte[plain.Length * 2];
        Assert.Equal(output.Length, Bzip2Decoder.Decode("test", [.. one, .. none, .. one], output));
        Assert.Equal([.. plain, .. plain], output);
        Assert.Equal(0, Bzip2Decoder.Decode("test", none, []));

        one[^100] ^= 1;
        Assert.Equal(-1, Bzip2Decoder.Decode("test", one, output));
        Assert.Equal(-1, Bzip2Decoder.Decode("test", [.. none, 0], output));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("crc32")]
    [InlineData("crc64")]
    [InlineData("sha256")]
    public void A_block_of_an_xz_file_decodes_on_its_own(string check)
    {
        Requires.Tool("xz");
        using TemporaryFolder folder = new();
        byte[] plain = [.. Enumerable.Range(0, 250_001).Select(i => (byte)(i * i / 300))];
        File.WriteAllBytes(folder["plain"], plain);
        Tool.Run("xz", "-k", "-T1", "--block-size=100000", "--check=" + check, folder["plain"]);
        byte[] packed = File.ReadAllBytes(folder["plain.xz"]);

        // block, stream, number, number, compressed offset, uncompressed offset, total size, uncompressed size, …,
        // header size, …, compressed size
        string[][] blocks = [.. Tool.Run("xz", "--robot", "--list", "-vv", folder["plain.xz"]).Text.Split('\n')
            .Select(line => line.Split('\t')).Where(fields => fields[0] == "block")];
        Assert.Equal(3, blocks.Length);
        int checkLength = check switch { "none" => 0, "crc32" => 4, "crc64" => 8, _ => 32 };
        foreach (string[] fields in blocks)
        {
            int[] numbers = [.. new[] { 4, 5, 6, 7, 11, 13 }.Select(i => int.Parse(fields[i], null))];
            int unpadded = numbers[4] + numbers[5] + checkLength;
            byte[] output = new byte[numbers[3]];
            Assert.Equal(output.Length, DecodeBlock(packed, numbers[0], unpadded, output, output.Length));
            Assert.Equal(plain[numbers[1]..(numbers[1] + numbers[3])], output);
            Assert.Equal(-1, DecodeBlock(packed, numbers[0], unpadded, output, output.Length - 1));
            Assert.Equal(-1, DecodeBlock(packed, numbers[0] + 4, unpadded - 4, output, output.Length));
            packed[numbers[0] + numbers[4] + 20] ^= 1;
            int count = DecodeBlock(packed, numbers[0], unpadded, output, output.Length);
            Assert.True(count == -1 || checkLength == 0, "a check tells what was changed");
        }
    }

    private static int DecodeBlock(byte[] packed, long offset, long unpadded, byte[] output, long length)
    {
        using MemorySource file = new(packed);
        using LzmaStreamDecoder decoder =
            XzBlockDecoder.Open("test", packed.AsSpan(6, 2), file, offset, unpadded, length);
        try
        {
            int count = decoder.Read(output);
            return decoder.Read(new byte[1]) == 0 ? count : -1;
        }
        catch (ImageFormatException)
        {
            return -1;
        }
    }

    private static int Decode(string method, ReadOnlySpan<byte> source, Span<byte> destination) => method switch
    {
        "xz" => LzmaDecoder.DecodeXz("test", source, destination),
        "lzma" => LzmaDecoder.DecodeAlone("test", source, destination),
        "bzip2" => Bzip2Decoder.Decode("test", source, destination),
        "zstd" => ZstdDecoder.Decode("test", source, destination),
        _ => ZlibDecoder.Decode(source, destination),
    };

    private static byte[] Pack(string method, byte[] plain)
    {
        if (method == "zlib")
        {
            using MemoryStream packed = new();
            using (ZLibStream stream = new(packed, CompressionLevel.Optimal, leaveOpen: true))
            {
                stream.Write(plain);
            }

            return packed.ToArray();
        }

        Requires.Tool(method == "lzma" ? "xz" : method);
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["plain"], plain);
        return method is "zstd" or "bzip2"
            ? Tool.Run(method, "-q", "-c", folder["plain"]).Output
            : Tool.Run("xz", "-c", "-T1", "--format=" + method, folder["plain"]).Output;
    }
}
