using System.IO.Compression;
using Imaged.Formats.Codecs;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Codecs;

/// <summary>Data made by xz, zstd and the base library, decoded to exactly, more than, and less than its length.</summary>
public sealed class SystemDecoderTests
{
    [Theory]
    [InlineData("xz")]
    [InlineData("lzma")]
    [InlineData("zstd")]
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
    [InlineData("zlib")]
    public void Data_that_is_cut_off_is_told(string method)
    {
        byte[] plain = [.. Enumerable.Range(0, 5_000).Select(i => (byte)(i * i / 300))];
        byte[] packed = Pack(method, plain);
        Assert.NotEqual(plain.Length, Decode(method, packed.AsSpan(0, packed.Length / 2), new byte[plain.Length]));
        Assert.Equal(-1, Decode(method, "no such data, surely"u8, new byte[100]));
    }

    private static int Decode(string method, ReadOnlySpan<byte> source, Span<byte> destination) => method switch
    {
        "xz" => LzmaDecoder.DecodeXz("test", source, destination),
        "lzma" => LzmaDecoder.DecodeAlone("test", source, destination),
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

        Requires.Tool(method == "zstd" ? "zstd" : "xz");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["plain"], plain);
        return method == "zstd"
            ? Tool.Run("zstd", "-q", "-c", folder["plain"]).Output
            : Tool.Run("xz", "-c", "-T1", "--format=" + method, folder["plain"]).Output;
    }
}
