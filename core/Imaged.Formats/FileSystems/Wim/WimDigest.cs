using System.Buffers.Binary;

namespace Imaged.Formats.Wim;

/// <summary>A SHA-1 digest: what the content of a file goes by.</summary>
/// <param name="First">Its first 8 bytes.</param>
/// <param name="Second">The next 8.</param>
/// <param name="Third">The last 4.</param>
internal readonly record struct WimDigest(ulong First, ulong Second, uint Third)
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 20;

    /// <summary>Whether it stands for no content.</summary>
    public bool IsNone => this == default;

    /// <summary>Parses its bytes.</summary>
    public static WimDigest Parse(ReadOnlySpan<byte> raw) => new(
        BinaryPrimitives.ReadUInt64BigEndian(raw),
        BinaryPrimitives.ReadUInt64BigEndian(raw[8..]),
        BinaryPrimitives.ReadUInt32BigEndian(raw[16..]));

    /// <summary>As hexadecimal digits.</summary>
    public override string ToString() => $"{First:x16}{Second:x16}{Third:x8}";
}
