using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Dax;

/// <summary>The header of a DAX or JSO image; little-endian.</summary>
/// <param name="IsJso">Whether this is JSO.</param>
/// <param name="ImageLength">Bytes of the image, at least 1.</param>
/// <param name="BlockLength">Bytes of a block: 8192, of JSO a multiple of 512.</param>
/// <param name="Areas">Of DAX: how many areas of blocks are stored as they are.</param>
internal readonly record struct DaxHeader(bool IsJso, uint ImageLength, int BlockLength, uint Areas)
{
    private const int DaxLength = 32;
    private const int JsoLength = 48;
    private const int DaxBlockLength = 8192;
    private const int MaxDaxVersion = 1;
    private const int ZlibMethod = 1;

    /// <summary>Bytes of the header.</summary>
    public int Length => IsJso ? JsoLength : DaxLength;

    /// <summary>Number of blocks, less than 2^23.</summary>
    public int BlockCount => (int)((ImageLength + (long)BlockLength - 1) / BlockLength);

    private static ReadOnlySpan<byte> DaxMagic => "DAX\0"u8;

    private static ReadOnlySpan<byte> JsoMagic => "JISO"u8;

    /// <summary>Whether bytes begin as an image does, and what follows may be a header.</summary>
    public static bool MayBe(ReadOnlySpan<byte> raw) =>
        raw.Length >= JsoLength
        && (raw.StartsWith(DaxMagic)
            ? !raw[16..DaxLength].ContainsAnyExcept((byte)0)
            : raw.StartsWith(JsoMagic) && IsBlockLength(JsoBlockLength(raw)));

    /// <summary>Reads the header.</summary>
    /// <exception cref="ImageFormatException">It is damaged or none.</exception>
    /// <exception cref="UnsupportedFeatureException">Another version, or LZO.</exception>
    public static DaxHeader Read(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[JsoLength];
        int read = file.ReadUpTo(0, raw);
        if (!MayBe(raw[..read]))
        {
            ImageFormatException.Throw(DaxFormat.Id, 0, "there is no header");
        }

        bool isJso = raw.StartsWith(JsoMagic);
        int lengthAt = isJso ? 12 : 4;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(raw[lengthAt..]);
        if (length == 0)
        {
            ImageFormatException.Throw(DaxFormat.Id, lengthAt, "the image has no bytes");
        }

        if (isJso)
        {
            if (raw[10] != ZlibMethod || raw[8] != 0)
            {
                UnsupportedFeatureException.Throw(
                    DaxFormat.Id,
                    raw[10] == 0 ? "JSO with LZO compression"
                    : raw[10] != ZlibMethod ? $"JSO with method {raw[10]}" : "JSO with headers of blocks");
            }

            return new(true, length, JsoBlockLength(raw), 0);
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]);
        if (version > MaxDaxVersion)
        {
            UnsupportedFeatureException.Throw(DaxFormat.Id, $"DAX of version {version}");
        }

        // The first version knows no areas.
        uint areas = version == 0 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(raw[12..]);
        return new(false, length, DaxBlockLength, areas);
    }

    private static int JsoBlockLength(ReadOnlySpan<byte> raw) => BinaryPrimitives.ReadUInt16LittleEndian(raw[6..]);

    private static bool IsBlockLength(int length) => length > 0 && length % 512 == 0;
}
