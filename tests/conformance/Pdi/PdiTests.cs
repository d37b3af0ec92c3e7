using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Imaged.TestKit.Builders;
using Xunit;

namespace Imaged.Conformance.Pdi;

/// <summary>Images with the known signature and any header behind it, which iat reads, too.</summary>
public sealed class PdiTests
{
    private const string Name = "disc.pdi";

    [Theory]
    [InlineData(2048, 1, true)]
    [InlineData(2352, 1, true)]
    [InlineData(2352, 2, true)]
    [InlineData(2368, 1, false)]
    [InlineData(2448, 2, false)]
    public void The_volume_is_the_one_that_went_in(int size, int mode, bool hasProgram)
    {
        byte[] iso = DiscData.Iso();
        int count = iso.Length / 2048;
        byte[] raw = DiscData.Raw(iso, 0, mode);
        byte[] sub = DiscData.Noise(count * (size - 2048), 1);
        byte[] data = size == 2048 ? iso : size == 2352 ? raw : DiscData.Join(raw, 2352, sub, size - 2352);
        using HandMade made = HandMade.Of(null, (Name, Image([.. data, 1, 2, 3])));
        Assert.Equal(iso, made.Content());
        Assert.Single(made.Image.Warnings);
        Assert.Equal(size > 2352, made.Disc.HasSubchannel);
        if (hasProgram)
        {
            Assert.Equal(iso, made.Extract("iat -i IN -o OUT --iso", Name)[..iso.Length]);
        }
    }

    [Fact]
    public void What_is_wrong_is_refused()
    {
        Assert.Throws<ImageFormatException>(() => HandMade.Try("pdi", (Name, Image(new byte[100]))));
        Assert.Throws<ImageFormatException>(() => HandMade.Try("pdi", (Name, Image([])[..100])));
        Assert.Throws<ImageFormatException>(() => HandMade.Try("pdi", (Name, new byte[4096])));
        HandMade.Damage("pdi", (Name, Image(DiscData.Raw(new byte[20 * 2048], 0))));
    }

    private static byte[] Image(byte[] data) =>
        new ByteWriter().Text("TTAFMPVOBCDIMG").U8(1, 0).Bytes(DiscData.Noise(288, 7)).Bytes(data).ToArray();
}
