using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Imaged.TestKit.Builders;
using Xunit;

namespace Imaged.Conformance.VirtualCd;

/// <summary>Files with the known first bytes around a volume of xorriso: they test what is looked for, not the
/// programs' own layout, which nobody knows.</summary>
public sealed class VirtualCdTests
{
    private const string Control = "disc.vc4";
    private const string First = "DISC.000";

    private static readonly byte[] Container = [.. "\0VCDContainer\0\0"u8, .. new byte[4081]];
    private static readonly byte[] Part = [0x1f, 0xab, 0x99, 0, 0, 9, 0x3d, 0, 1, 0, 0, 0, .. new byte[4084]];

    [Theory]
    [InlineData(2048, 1)]
    [InlineData(2352, 1)]
    [InlineData(2352, 2)]
    [InlineData(2336, 2)]
    [InlineData(2448, 1)]
    public void An_uncompressed_volume_is_found_in_the_parts(int size, int mode)
    {
        byte[] iso = DiscData.Iso();
        byte[] raw = DiscData.Raw(iso, 0, mode);
        byte[] data = size switch
        {
            2048 => iso,
            2336 => DiscData.Cut(raw, 16, 2336),
            2352 => raw,
            _ => DiscData.Join(raw, 2352, DiscData.Noise(iso.Length / 2048 * 96, 1)),
        };
        byte[] first = [.. Part, .. data[..200_001]];
        foreach ((string, byte[])[] files in ((string, byte[])[][])
        [
            [(Control, Container), (First, [.. Part, .. data])],
            [(Control, Container), (First, first), ("disc.001", data[200_001..])],
            [(Control, Container), (First, first), ("disc.001", [.. Part, .. data[200_001..]])],
            [(First, first), ("disc.001", data[200_001..])],
        ])
        {
            using HandMade made = HandMade.Of(null, files);
            Assert.Equal("vcd", made.Image.Format.Id);
            Assert.Single(made.Image.Warnings);
            Assert.Equal(iso, made.Content());
            Assert.Equal(DiscData.Noise(300_000, 300_000), made.ReadFile("data.bin"));
        }
    }

    [Fact]
    public void Compressed_data_a_missing_part_and_a_log_are_refused_in_one_sentence()
    {
        byte[] noise = [.. Part, .. DiscData.Noise(100_000, 1)];
        Assert.Contains(
            "compression or encryption", Refuse((Control, Container), (First, noise)), StringComparison.Ordinal);
        Assert.Contains(
            "1 data files, 104096 bytes", Refuse((Control, Container), (First, noise)), StringComparison.Ordinal);
        Assert.Contains("'disc.000'", Refuse((Control, Container)), StringComparison.Ordinal);
        Assert.Contains("log", Refuse(("disc.vbl", [.. "VBL\0\x01\0\0\0"u8, .. noise])), StringComparison.Ordinal);
        Assert.Contains("FarStone", Refuse(("disc.fcd", [.. Fcd(100), .. noise])), StringComparison.Ordinal);

        // The second half of the volume is missing.
        byte[] iso = DiscData.Iso();
        Refuse((Control, Container), (First, [.. Part, .. iso[..100_000]]));
    }

    [Fact]
    public void A_farstone_image_without_compression_is_found()
    {
        byte[] iso = DiscData.Iso();
        using HandMade made = HandMade.Of(null, ("disc.fcd", [.. Fcd(32768), .. iso]));
        Assert.Equal("vcd", made.Image.Format.Id);
        Assert.Equal(iso, made.Content());
    }

    [Fact]
    public void Damage_ends_in_success_or_a_named_error() =>
        HandMade.Damage("vcd", (First, [.. Part, .. DiscData.Iso(bytes: 10)]), ("disc.001", new byte[4096]));

    private static string Refuse(params (string, byte[])[] files) =>
        Assert.Throws<UnsupportedFeatureException>(() => HandMade.Try(null, files)).Message;

    private static byte[] Fcd(int length) =>
        new ByteWriter().U32(1).U32(32768).U8(0).Zeros(91).Text("FCD V1.0").PadTo(Math.Max(108, length)).ToArray();
}
