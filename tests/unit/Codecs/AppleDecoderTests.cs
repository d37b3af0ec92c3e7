using System.Buffers.Binary;
using System.IO.Hashing;
using Imaged.Formats.Codecs;
using Xunit;

namespace Imaged.UnitTests.Codecs;

/// <summary>ADC, LZVN and LZFSE with single chunks of images that hdiutil made; whole images are in the conformance
/// tests.</summary>
public sealed class AppleDecoderTests
{
    private const string AdcBootSector =
        "80007f00007f00007f00007f00007f00007f000068001683feffffee00038001004a81ff1f6e004f8155aa";

    private const string AdcGptHeader =
        "934546492050415254000001005c000000fcf655370006000d0c0081ff"
        + "1f0c088022100f80de100f904c97eb73dd13cc4b805d5d351c68d1b8"
        + "02102f8080100382b2fe15040a7f00007f00007f00007f00007f00007f00003000";

    private const string LzvnBootSector =
        "6276786e0002000024000000680100f0fff097e4feffffee0004400b01c801ff1f00f01ce30055aa060000000000000062767824";

    private const string LzvnGptHeader =
        "6276786e0002000057000000e0044546492050415254000001005c00"
        + "0000fcf6553700078805000100019808ff1f9e22006010dee0014c97"
        + "eb73dd13cc4b805d5d351c68d1b8021817980400" + "80f1c807b2fe153801f0fff077e100060000000000000062767824";

    private const string Lzfse =
        "627678320040000044002002000a00307638da2395180000a30000003a"
        + "24c00e0f014c8009003027138009001380b7e09d7901000000000000"
        + "000000000000000000e0210300000078030000b803eeee00803b00e0"
        + "0ee00e0000803bb8bbbbe30d0000eeee0000b803eee0ee0de08e3780"
        + "bbbb3b00ee00000000e00e000000b803000000ee8037803bb8030000"
        + "b8030000000000b8e30e00000000e00e0000e00e000000a06996e649"
        + "978c7705e6e515adc9ce471e48a001bb3b6620dace3eaa2ce0f4be06"
        + "000000000000000080cafd9fffffbfffffbfff838189260162767824";

    [Theory]
    [InlineData(AdcBootSector, 0x41f2fa33)]
    [InlineData(AdcGptHeader, 0x1d945c56)]
    public void An_adc_chunk_has_its_checksum(string hex, uint crc)
    {
        byte[] output = new byte[512];
        Assert.Equal(512, AdcDecoder.Decode(Convert.FromHexString(hex), output));
        Assert.Equal(crc, Crc32.HashToUInt32(output));
    }

    [Theory]
    [InlineData(LzvnBootSector, 512, 0x41f2fa33)]
    [InlineData(LzvnGptHeader, 512, 0x1d945c56)]
    [InlineData(Lzfse, 16384, 0x8015feb2)]
    public void An_lzfse_stream_has_its_checksum(string hex, int length, uint crc)
    {
        byte[] output = new byte[length];
        Assert.Equal(length, LzfseDecoder.Decode(Convert.FromHexString(hex), output));
        Assert.Equal(crc, Crc32.HashToUInt32(output));
        Assert.Equal(-1, LzfseDecoder.Decode(Convert.FromHexString(hex), output.AsSpan(1)));
    }

    [Fact]
    public void Unpacked_tables_mean_the_same_as_packed_ones()
    {
        // The same block as bvx1: fields of their own instead of packed ones.
        byte[] packed = Convert.FromHexString(Lzfse);
        Span<ushort> frequencies = new ushort[LzfseHeader.FrequencyCount];
        Assert.True(LzfseHeader.TryReadPacked(packed, frequencies, out LzfseHeader header));
        byte[] plain = new byte[772];
        "bvx1"u8.CopyTo(plain);
        int[] fields =
        [
            header.RawLength, header.LiteralPayloadLength + header.MatchPayloadLength, header.LiteralCount,
            header.MatchCount, header.LiteralPayloadLength, header.MatchPayloadLength, -header.LiteralUnusedBits,
        ];
        for (int i = 0; i < fields.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(plain.AsSpan(4 + (4 * i)), fields[i]);
        }

        BinaryPrimitives.WriteInt32LittleEndian(plain.AsSpan(40), -header.MatchUnusedBits);
        (int a, int b, int c, int d) = header.LiteralState;
        (int l, int m, int o) = header.MatchState;
        int[] states = [a, b, c, d];
        int[] others = [l, m, o, .. frequencies];
        for (int i = 0; i < states.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(plain.AsSpan(32 + (2 * i)), (ushort)states[i]);
        }

        for (int i = 0; i < others.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(plain.AsSpan(44 + (2 * i)), (ushort)others[i]);
        }

        byte[] output = new byte[16384];
        Assert.Equal(output.Length, LzfseDecoder.Decode([.. plain, .. packed.AsSpan(header.Length)], output));
        Assert.Equal(0x8015feb2, Crc32.HashToUInt32(output));
    }

    [Fact]
    public void Blocks_follow_each_other_and_copy_from_earlier_ones()
    {
        // Four stored bytes; then LZVN: a copy of six bytes at distance 4, and two literals.
        byte[] stream =
        [
            .. "bvx-"u8, 4, 0, 0, 0, .. "abcd"u8,
            .. "bvxn"u8, 8, 0, 0, 0, 13, 0, 0, 0, 0x18, 4, 0xe2, .. "yz"u8, 6, 0, 0, 0, 0, 0, 0, 0,
            .. "bvx$"u8,
        ];
        byte[] output = new byte[12];
        Assert.Equal(12, LzfseDecoder.Decode(stream, output));
        Assert.Equal("abcdabcdabyz"u8.ToArray(), output);
    }

    [Theory]
    [InlineData("80")]
    [InlineData("40")]
    [InlineData("0000")]
    [InlineData("800a0001")]
    [InlineData("800a400001")]
    [InlineData("ff00")]
    public void Damaged_adc_is_told(string hex) =>
        Assert.Equal(-1, AdcDecoder.Decode(Convert.FromHexString(hex), new byte[64]));

    [Theory]
    [InlineData("")]
    [InlineData("0600000000000000")]
    [InlineData("e10a")]
    [InlineData("7000")]
    [InlineData("1e")]
    [InlineData("d0")]
    [InlineData("e10af100")]
    [InlineData("0001" + "0600000000000000")]
    [InlineData("e10a0002" + "0600000000000000")]
    [InlineData("e10af0ff" + "0600000000000000")]
    [InlineData("e00a")]
    public void Damaged_lzvn_is_told(string hex)
    {
        int expected = hex.StartsWith("06", StringComparison.Ordinal) ? 0 : -1;
        Assert.Equal(expected, LzvnDecoder.Decode(Convert.FromHexString(hex), new byte[64]));
    }

    [Fact]
    public void Every_damage_to_a_stream_ends_the_decoding()
    {
        foreach (string hex in (string[])[AdcGptHeader, LzvnGptHeader, Lzfse])
        {
            byte[] good = Convert.FromHexString(hex);
            byte[] output = new byte[16384];
            for (int i = 0; i < good.Length * 8; i++)
            {
                good[i / 8] ^= (byte)(1 << (i % 8));
                int count = hex == AdcGptHeader ? AdcDecoder.Decode(good, output) : LzfseDecoder.Decode(good, output);
                Assert.InRange(count, -1, output.Length);
                good[i / 8] ^= (byte)(1 << (i % 8));
            }

            for (int length = 0; length < good.Length && hex != AdcGptHeader; length++)
            {
                Assert.Equal(-1, LzfseDecoder.Decode(good.AsSpan(0, length), output));
            }
        }
    }
}
