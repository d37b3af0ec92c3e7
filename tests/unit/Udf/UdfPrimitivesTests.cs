using System.Text;
using Imaged.Formats.Model;
using Imaged.Formats.Udf;
using Xunit;

namespace Imaged.UnitTests.Udf;

/// <summary>The small pieces of UDF: tags, text, times, links, addresses.</summary>
public class UdfPrimitivesTests
{
    [Fact]
    public void The_crc_is_that_of_the_standard()
    {
        // ECMA-167 1/7.2.6 gives this example.
        Assert.Equal(0x3299, UdfTag.ComputeCrc([0x70, 0x6A, 0x77]));
        Assert.Equal(0, UdfTag.ComputeCrc([]));
    }

    [Fact]
    public void A_tag_needs_its_checksum_and_more_than_zeros()
    {
        byte[] raw = new byte[16];
        Assert.False(UdfTag.TryParse(raw, out _));
        raw[0] = 2;
        raw[2] = 2;
        raw[13] = 1;
        Assert.False(UdfTag.TryParse(raw, out _));
        raw[4] = 5;
        Assert.True(UdfTag.TryParse(raw, out UdfTag tag));
        Assert.Equal((UdfTagId.Anchor, 256u), (tag.Id, tag.Location));
        Assert.False(UdfTag.TryParse(raw.AsSpan(0, 15), out _));
    }

    [Theory]
    [InlineData(8, "plain", "plain")]
    [InlineData(8, "Grüße", "Grüße")]
    [InlineData(16, "日本 😀", "日本 😀")]
    [InlineData(254, "unused id", "unused id")]
    [InlineData(8, "a/b\0c", "a_b_c")]
    [InlineData(8, ".", "_")]
    [InlineData(16, "..", "__")]
    [InlineData(9, "unknown", "")]
    [InlineData(8, "", "")]
    public void Names_become_utf8_that_linux_can_have(int compression, string stored, string shown)
    {
        byte[] characters = compression == 16
            ? Encoding.BigEndianUnicode.GetBytes(stored)
            : Encoding.Latin1.GetBytes(stored);
        Assert.Equal(shown, Encoding.UTF8.GetString(UdfText.ToFileName([(byte)compression, .. characters])));
    }

    [Fact]
    public void Half_a_surrogate_and_half_a_character_do_no_harm()
    {
        Assert.Equal("\uFFFDa"u8.ToArray(), UdfText.ToFileName([16, 0xD8, 0x3D, 0, (byte)'a', 7]));
    }

    [Fact]
    public void Names_that_are_too_long_stay_distinct_and_whole_characters()
    {
        byte[] stored = [8, .. Enumerable.Repeat((byte)0xE9, 254)];
        byte[] first = UdfText.ToFileName(stored);
        stored[^1] = (byte)'z';
        byte[] second = UdfText.ToFileName(stored);
        Assert.Equal(255, first.Length);
        Assert.StartsWith("éééé", Encoding.UTF8.GetString(first), StringComparison.Ordinal);
        Assert.DoesNotContain("\uFFFD", Encoding.UTF8.GetString(first), StringComparison.Ordinal);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void A_dstring_ends_where_its_last_byte_says()
    {
        byte[] field = new byte[32];
        Assert.Null(UdfText.FromDstring(field));
        field[0] = 8;
        "Label and more"u8.CopyTo(field.AsSpan(1));
        field[31] = 6;
        Assert.Equal("Label", UdfText.FromDstring(field));
        field[31] = 255;
        Assert.Equal("Label and more", UdfText.FromDstring(field));
        field[0] = 7;
        Assert.Null(UdfText.FromDstring(field));
    }

    [Theory]
    [InlineData(0x1000, "2026-11-22T12:30:15.12+00:00")]
    [InlineData(0x1000 | 345, "2026-11-22T12:30:15.12+05:45")]
    [InlineData(0x1000 | (-420 & 0xfff), "2026-11-22T12:30:15.12-07:00")]
    [InlineData(0x1000 | (-2047 & 0xfff), "2026-11-22T12:30:15.12+00:00")]
    [InlineData(0x0000 | 345, "2026-11-22T12:30:15.12+00:00")]
    public void Times_have_a_zone_only_when_they_are_local(int type, string expected)
    {
        byte[] raw = [(byte)type, (byte)(type >> 8), 2026 & 0xff, 2026 >> 8, 11, 22, 12, 30, 15, 12, 0, 0];
        Assert.Equal(
            Timestamp.From(DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture)),
            UdfTime.Parse(raw));
    }

    [Fact]
    public void Times_that_are_none_are_the_epoch_and_wrong_fractions_are_left_out()
    {
        Assert.Equal(default, UdfTime.Parse(new byte[12]));
        Assert.Equal(default, UdfTime.Parse([0, 0x10, 0xEA, 7, 13, 1, 0, 0, 0, 0, 0, 0]));
        Assert.Equal(default, UdfTime.Parse([0, 0x10, 0xEA, 7, 2, 30, 0, 0, 0, 0, 0, 0]));
        Assert.Equal(0u, UdfTime.Parse([0, 0x10, 0xEA, 7, 2, 3, 0, 0, 0, 100, 0, 0]).Nanoseconds);
        Assert.Equal(123_456_000u, UdfTime.Parse([0, 0x10, 0xEA, 7, 2, 3, 0, 0, 0, 12, 34, 56]).Nanoseconds);
    }

    [Theory]
    [InlineData("02000000", "/")]
    [InlineData("02000000" + "0502000008" + "61", "/a")]
    [InlineData("03000000" + "04000000" + "0503000008" + "6162", ".././ab")]
    [InlineData("0103000008" + "6162" + "0502000008" + "63", "c")]
    [InlineData("01000000" + "0502000008" + "63", "/c")]
    public void Links_are_put_together(string content, string target) =>
        Assert.Equal(target, Encoding.UTF8.GetString(UdfSymbolicLink.ToPath(Convert.FromHexString(content))!));

    [Theory]
    [InlineData("")]
    [InlineData("0510000008")]
    [InlineData("63000000")]
    public void Links_without_a_path_are_refused(string content) =>
        Assert.Null(UdfSymbolicLink.ToPath(Convert.FromHexString(content)));

    [Fact]
    public void A_link_cannot_grow_beyond_what_linux_takes()
    {
        byte[] up = [.. Enumerable.Range(0, 1400).SelectMany(_ => new byte[] { 3, 0, 0, 0 })];
        Assert.Null(UdfSymbolicLink.ToPath(up));
        Assert.NotNull(UdfSymbolicLink.ToPath(up.AsSpan(0, 4 * 1300)));
    }

    [Fact]
    public void Node_ids_and_addresses_are_the_same_thing()
    {
        UdfAddress address = new(15, uint.MaxValue);
        Assert.True(UdfAddress.TryFromNodeId(address.ToNodeId(), out UdfAddress back));
        Assert.Equal(address, back);
        Assert.True(new UdfAddress(0, 0).ToNodeId() > 1);
        Assert.False(UdfAddress.TryFromNodeId(0, out _));
        Assert.False(UdfAddress.TryFromNodeId(ulong.MaxValue, out _));
    }
}
