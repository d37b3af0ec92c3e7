using Imaged.Formats.Codecs;
using Xunit;

namespace Imaged.UnitTests.Codecs;

/// <summary>What no program makes that is at hand: blocks that are stored. The others are checked with wimlib's.
/// </summary>
public sealed class LzxDecoderTests
{
    // Type 3, no default length, 5 bytes; up to a whole word; three distances; the bytes, and one up to a whole word.
    private static ReadOnlySpan<byte> Header => [0x00, 0x60, 0x00, 0x50, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0];

    [Fact]
    public void Stored_blocks_begin_at_whole_words()
    {
        byte[] source = [.. Header, .. "hello\0"u8, .. Header, .. "world\0"u8];
        byte[] decoded = new byte[10];
        Assert.True(LzxDecoder.TryDecode(source, decoded, 32768));
        Assert.Equal("helloworld"u8.ToArray(), decoded);
    }

    [Fact]
    public void A_stored_block_that_is_cut_off_is_damage()
    {
        byte[] source = [.. Header, .. "hell"u8];
        Assert.False(LzxDecoder.TryDecode(source, new byte[5], 32768));
    }

    [Fact]
    public void Targets_of_calls_become_relative_but_at_the_end()
    {
        // At byte 2 the target 0x105; the last ten bytes are left alone.
        byte[] bytes = [0x90, 0x90, 0xe8, 0x05, 0x01, 0, 0, 0x90, 0x90, 0x90, 0xe8, 0x05, 0x01, 0, 0, 0x90, 0x90];
        byte[] expected = [0x90, 0x90, 0xe8, 0x03, 0x01, 0, 0, 0x90, 0x90, 0x90, 0xe8, 0x05, 0x01, 0, 0, 0x90, 0x90];
        X86Calls.MakeRelative(bytes);
        Assert.Equal(expected, bytes);
    }
}
