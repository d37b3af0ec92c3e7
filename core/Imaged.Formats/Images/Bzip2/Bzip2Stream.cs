namespace Imaged.Formats.Images.Bzip2;

/// <summary>Marks of a bzip2 file, none of which need stand at a whole byte but the first one (manual of bzip2 1.0.8;
/// the layout is not in it, but in many descriptions).</summary>
internal static class Bzip2Stream
{
    /// <summary>Bits of the mark that begins a block, and of the one that ends a stream.</summary>
    public const int MarkBits = 48;

    /// <summary>Bits of a checksum, which follows each mark.</summary>
    public const int CheckBits = 32;

    /// <summary>Bytes of the header.</summary>
    public const int HeaderLength = 4;

    /// <summary>Begins a block: the digits of pi.</summary>
    public const ulong BlockMark = 0x314159265359;

    /// <summary>Ends a stream: the digits of its square root.</summary>
    public const ulong EndMark = 0x177245385090;

    /// <summary>Whether a header stands here: <c>BZh</c> and how many hundred kilobytes a block has.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> raw) =>
        raw.Length >= HeaderLength && raw.StartsWith("BZh"u8) && raw[3] is >= (byte)'1' and <= (byte)'9';
}
