using System.Buffers.Binary;
using Imaged.Formats.Codecs;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Codecs;

/// <summary>Frames that the flac program makes of sounds that bring it to use all of its methods.</summary>
public sealed class FlacDecoderTests
{
    private const int Pairs = 30_000;

    [Theory]
    [InlineData("-0 -b 1152")]
    [InlineData("-2")]
    [InlineData("-5")]
    [InlineData("-8 -e -p")]
    [InlineData("-8 --no-mid-side -b 4608")]
    [InlineData("-1 -b 192")]
    [InlineData("-5 -b 16 --lax -l 12")]
    [InlineData("-8 -b 5000 --lax -l 32")]
    [InlineData("--disable-constant-subframes --disable-fixed-subframes")]
    [InlineData("-M --disable-verbatim-subframes -r 8")]
    public void Sound_in_stereo_is_decoded_in_both_byte_orders(string options)
    {
        byte[] sound = Stereo();
        byte[] frames = Encode(sound, 2, 16, options);
        byte[] output = new byte[sound.Length];
        Assert.Equal(
            sound.Length, FlacDecoder.DecodeStereo16([.. frames, 1, 2, 3], output, isBigEndian: false, out int read));
        Assert.Equal(frames.Length, read);
        Assert.Equal(sound, output);

        Assert.Equal(sound.Length, FlacDecoder.DecodeStereo16(frames, output, isBigEndian: true, out read));
        for (int i = 0; i < output.Length; i += 2)
        {
            (output[i], output[i + 1]) = (output[i + 1], output[i]);
        }

        Assert.Equal(sound, output);
    }

    [Theory]
    [InlineData(1, 8)]
    [InlineData(1, 24)]
    [InlineData(2, 16)]
    [InlineData(6, 16)]
    [InlineData(8, 24)]
    public void Frames_of_other_shapes_are_decoded(int channels, int bits)
    {
        int width = (bits + 7) / 8;
        int count = 9000;
        byte[] sound = new byte[count * channels * width];
        Random random = new(bits);
        for (int i = 0; i < sound.Length / width; i++)
        {
            double wave = Math.Sin(i / channels * 0.01 * ((i % channels) + 1));
            int sample = (int)(wave * ((1 << (bits - 2)) - 5)) + random.Next(-3, 4);
            BitConverter.GetBytes(sample).AsSpan(0, width).CopyTo(sound.AsSpan(i * width));
        }

        byte[] frames = Encode(sound, channels, bits, "-8");
        byte[] output = new byte[sound.Length];
        int written = 0;
        for (int at = 0; at < frames.Length;)
        {
            Assert.True(FlacFrameHeader.TryParse(frames.AsSpan(at), bits, out FlacFrameHeader header));
            Assert.Equal((channels, bits), (header.Channels, header.SampleBits));
            int[] samples = new int[header.Channels * header.BlockLength];
            Assert.True(FlacFrame.TryDecode(frames.AsSpan(at), header, samples, out int length));
            for (int i = 0; i < samples.Length; i++)
            {
                int sample = samples[(i % channels * header.BlockLength) + (i / channels)];
                BitConverter.GetBytes(sample).AsSpan(0, width).CopyTo(output.AsSpan(written));
                written += width;
            }

            at += length;
        }

        Assert.Equal(sound, output);
    }

    [Fact]
    public void A_checksum_tells_what_was_changed()
    {
        byte[] sound = Stereo()[..8000];
        byte[] frames = Encode(sound, 2, 16, "-5 -b 1000 --lax");
        byte[] output = new byte[sound.Length];
        for (int i = 0; i < frames.Length; i++)
        {
            frames[i] ^= (byte)(1 << (i % 8));
            Assert.Equal(-1, FlacDecoder.DecodeStereo16(frames, output, isBigEndian: false, out _));
            frames[i] ^= (byte)(1 << (i % 8));
            Assert.Equal(-1, FlacDecoder.DecodeStereo16(frames.AsSpan(0, i), output, isBigEndian: false, out _));
        }

        byte[] guarded = new byte[sound.Length];
        Assert.Equal(-1, FlacDecoder.DecodeStereo16(frames, guarded.AsSpan(0, 5000), isBigEndian: false, out _));
        Assert.False(guarded.AsSpan(5000).ContainsAnyExcept((byte)0));
    }

    // With a checksum that is right, what a frame says is all that there is to stop a decoder.
    [Fact]
    public void Frames_that_say_anything_at_all_end()
    {
        Random random = new(5);
        byte[] frame = new byte[600];
        byte[] output = new byte[1 << 18];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(frame);
            byte[] head = [0xff, 0xf8, (byte)(random.Next(1, 16) << 4), (byte)((random.Next(11) << 4) | 8), 0];
            head = (head[2] >> 4) switch
            {
                6 => [.. head, (byte)random.Next(256)],
                7 => [.. head, (byte)random.Next(256), (byte)random.Next(256)],
                _ => head,
            };
            head.CopyTo(frame, 0);
            frame[head.Length] = FlacCrc.Compute8(head);
            frame[head.Length + 1] &= 0x7f;
            Assert.True(FlacFrameHeader.TryParse(frame, 16, out FlacFrameHeader header));
            _ = FlacFrame.TryDecode(frame, header, new int[header.Channels * header.BlockLength], out _);
            _ = FlacDecoder.DecodeStereo16(frame, output, isBigEndian: false, out _);
        }
    }

    // Silence, one value, a tone on one side, tones with noise, the same with low bits that are zero, the loudest
    // sound there is, noise.
    private static byte[] Stereo()
    {
        byte[] sound = new byte[Pairs * 4];
        Random random = new(1);
        for (int i = 0; i < Pairs; i++)
        {
            int tone = (int)(9000 * Math.Sin(i * 0.03));
            int noise = random.Next(-20, 21);
            (int left, int right) = (i / 3000) switch
            {
                0 => (0, 0),
                1 => (1234, -1234),
                2 => (tone, 0),
                3 or 4 => (tone + noise, tone - noise),
                5 => ((tone + noise) & ~15, tone & ~3),
                6 => (i % 2 == 0 ? short.MaxValue : short.MinValue, i % 2 == 0 ? short.MinValue : short.MaxValue),
                7 => (random.Next(-32768, 32768), random.Next(-32768, 32768)),
                8 => (tone, tone + noise),
                _ => ((i * 7) % 300, noise),
            };
            BinaryPrimitives.WriteInt16LittleEndian(sound.AsSpan(i * 4), (short)left);
            BinaryPrimitives.WriteInt16LittleEndian(sound.AsSpan((i * 4) + 2), (short)right);
        }

        return sound;
    }

    // The frames behind the stream's header and metadata (RFC 9639 section 8).
    private static byte[] Encode(byte[] sound, int channels, int bits, string options)
    {
        Requires.Tool("flac");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["raw"], sound);
        Tool.Shell(
            $"cd '{folder.Path}'; flac -s {options} --force-raw-format --endian=little --sign=signed "
            + $"--channels={channels} --bps={bits} --sample-rate=44100 -o out raw");
        byte[] stream = File.ReadAllBytes(folder["out"]);
        bool isLast = false;
        int at = 4;
        while (!isLast)
        {
            isLast = (stream[at] & 0x80) != 0;
            at += 4 + (BinaryPrimitives.ReadInt32BigEndian(stream.AsSpan(at)) & 0xffffff);
        }

        return stream[at..];
    }
}
