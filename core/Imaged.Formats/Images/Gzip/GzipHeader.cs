using System.Buffers.Binary;
using System.Text;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Gzip;

/// <summary>The header of a member (RFC 1952, section 2.3).</summary>
/// <param name="Name">Name of the file that was packed; null when it is not there.</param>
/// <param name="Modified">When it was last changed, in seconds since 1970; 0 when not known.</param>
internal sealed record GzipHeader(string? Name, uint Modified)
{
    /// <summary>Bytes of the fixed part.</summary>
    public const int FixedLength = 10;

    /// <summary>Bytes of the header of a member of bgzip.</summary>
    public const int BlockHeaderLength = 18;

    private const int HeaderCheckFlag = 2;
    private const int ExtraFlag = 4;
    private const int NameFlag = 8;
    private const int CommentFlag = 16;
    private const int KnownFlags = 31;
    private const int MaxText = 65536;
    private const int MaxName = 255;

    /// <summary>The first bytes, with the only method there is.</summary>
    public static ReadOnlySpan<byte> Magic => [0x1f, 0x8b, 8];

    /// <summary>Reads the header; the input then stands at the deflate stream.</summary>
    /// <exception cref="ImageFormatException">It is damaged or cut off.</exception>
    /// <exception cref="UnsupportedFeatureException">It has flags that are not known.</exception>
    public static GzipHeader Read(StreamInput input)
    {
        long offset = input.Offset;
        Span<byte> raw = stackalloc byte[FixedLength];
        if (input.Read(raw) < raw.Length)
        {
            ThrowCutOff(input);
        }

        if (!raw.StartsWith(Magic))
        {
            ImageFormatException.Throw(GzipFormat.Info.Id, offset, "no member begins here");
        }

        int flags = raw[3];
        uint modified = BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]);
        if (flags > KnownFlags)
        {
            UnsupportedFeatureException.Throw(GzipFormat.Info.Id, $"a member with flags 0x{flags:x2}");
        }

        if ((flags & ExtraFlag) != 0)
        {
            SkipExtra(input);
        }

        string? name = (flags & NameFlag) != 0 ? ReadText(input) : null;
        _ = (flags & CommentFlag) != 0 ? ReadText(input) : null;
        if ((flags & HeaderCheckFlag) != 0 && input.Read(raw[..2]) < 2)
        {
            ThrowCutOff(input);
        }

        return new(string.IsNullOrEmpty(name) ? null : name, modified);
    }

    /// <summary>Whole length in bytes of the member of bgzip that begins with these bytes; 0 of another one. Its header
    /// has one extra field, BC, with that length less 1 (SAM format specification, section 4.1).</summary>
    public static int BlockLengthOf(ReadOnlySpan<byte> raw) =>
        raw.Length >= BlockHeaderLength && raw.StartsWith(Magic) && raw[3] == ExtraFlag
            && raw.Slice(FixedLength, 6).SequenceEqual("\u0006\0BC\u0002\0"u8)
            ? BinaryPrimitives.ReadUInt16LittleEndian(raw[16..]) + 1
            : 0;

    // Section 2.3.1.1.
    private static void SkipExtra(StreamInput input)
    {
        Span<byte> word = stackalloc byte[2];
        if (input.Read(word) < word.Length)
        {
            ThrowCutOff(input);
        }

        byte[] extra = new byte[BinaryPrimitives.ReadUInt16LittleEndian(word)];
        if (input.Read(extra) < extra.Length)
        {
            ThrowCutOff(input);
        }
    }

    // Latin-1, up to a zero.
    private static string ReadText(StreamInput input)
    {
        StringBuilder text = new();
        for (int i = 0; i < MaxText; i++)
        {
            int value = input.ReadByte();
            if (value < 0)
            {
                ThrowCutOff(input);
            }

            if (value == 0)
            {
                return text.ToString();
            }

            if (text.Length < MaxName)
            {
                text.Append((char)value);
            }
        }

        ImageFormatException.Throw(
            GzipFormat.Info.Id, input.Offset, $"a name or comment has more than {MaxText} bytes");
        return string.Empty;
    }

    private static void ThrowCutOff(StreamInput input) => ImageFormatException.Throw(
        GzipFormat.Info.Id, input.Offset, "the file is cut off in the header of a member");
}
