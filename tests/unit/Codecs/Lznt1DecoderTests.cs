using System.Text;
using Imaged.Formats.Codecs;
using Xunit;

namespace Imaged.UnitTests.Codecs;

/// <summary>The codec of NTFS: the example of [MS-XCA] 3, and what is no data of its own.</summary>
public sealed class Lznt1DecoderTests
{
    private const string Text =
        "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E "
        + "F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\0";

    private const string Encoded =
        "38b08846232000204720410010a24701a045204400084501507900c045200524138805b4024a44ef0358"
        + "028c091601484500be009e000401189000";

    [Fact]
    public void The_example_of_the_specification_is_decoded()
    {
        byte[] text = new byte[Text.Length + 100];
        Assert.True(Lznt1Decoder.TryDecode(Convert.FromHexString(Encoded), text));
        Assert.Equal(Text, Encoding.ASCII.GetString(text, 0, Text.Length));
        Assert.DoesNotContain(text[Text.Length..], value => value != 0);
    }

    [Fact]
    public void Any_bytes_are_decoded_or_refused()
    {
        Random random = new(5);
        byte[] destination = new byte[32768];
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            // Few different bytes: more of them pass for a table.
            byte[] source = new byte[random.Next(1, 1500)];
            int values = 1 << random.Next(1, 9);
            for (int at = 0; at < source.Length; at++)
            {
                source[at] = (byte)(random.Next(values) * (256 / values));
            }

            Span<byte> part = destination.AsSpan(0, random.Next(1, i % 2 == 0 ? 300 : destination.Length));
            refused += Lznt1Decoder.TryDecode(source, part) ? 0 : 1;
        }

        Assert.InRange(refused, 1_000, 20_000);
    }
}
