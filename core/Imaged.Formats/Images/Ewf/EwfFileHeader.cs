using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ewf;

/// <summary>The header of each file of an image.</summary>
/// <param name="Kind">The family.</param>
/// <param name="Segment">Number of the file, from 1.</param>
/// <param name="SetId">What all files of an image of version 2 have in common; zero in version 1.</param>
internal sealed record EwfFileHeader(EwfKind Kind, uint Segment, Guid SetId)
{
    /// <summary>Bytes of the header in version 1.</summary>
    public const int FirstLength = 13;

    /// <summary>Bytes of the header in version 2.</summary>
    public const int SecondLength = 32;

    private const ushort Deflate = 1;

    /// <summary>The family of a file that begins with these bytes.</summary>
    public static EwfKind KindOf(ReadOnlySpan<byte> head) =>
        head.StartsWith("EVF"u8) && IsFirst(head) ? EwfKind.First
        : head.StartsWith("LVF"u8) && IsFirst(head) ? EwfKind.Logical
        : head.StartsWith("EVF2\r\n"u8) && IsSecond(head) ? EwfKind.Second
        : head.StartsWith("LEF2\r\n"u8) && IsSecond(head) ? EwfKind.Logical
        : EwfKind.None;

    /// <summary>Reads the header.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <exception cref="ImageFormatException">There is none.</exception>
    /// <exception cref="UnsupportedFeatureException">The image is not one of a disk, or of an unknown
    /// version.</exception>
    public static EwfFileHeader Read(BlockSource file, string name)
    {
        Span<byte> raw = stackalloc byte[SecondLength];
        raw = raw[..file.ReadUpTo(0, raw)];
        EwfKind kind = KindOf(raw);
        if (kind == EwfKind.Logical)
        {
            UnsupportedFeatureException.Throw(EwfFormat.Info.Id, "a logical evidence file (L01), which holds no disk,");
        }

        if (kind == EwfKind.None || raw.Length < SecondLength)
        {
            ImageFormatException.Throw(EwfFormat.Info.Id, 0, $"'{name}' has no file header");
        }

        if (kind == EwfKind.First)
        {
            return new(kind, BinaryPrimitives.ReadUInt16LittleEndian(raw[9..]), default);
        }

        ushort method = BinaryPrimitives.ReadUInt16LittleEndian(raw[10..]);
        if (raw[8] != 2 || method > Deflate)
        {
            UnsupportedFeatureException.Throw(
                EwfFormat.Info.Id, method == 2 ? "bzip2 compression" : $"version {raw[8]} with compression {method}");
        }

        return new(kind, BinaryPrimitives.ReadUInt32LittleEndian(raw[12..]), new Guid(raw.Slice(16, 16)));
    }

    private static bool IsFirst(ReadOnlySpan<byte> head) =>
        head.Length >= FirstLength && head[3..9].SequenceEqual((ReadOnlySpan<byte>)[9, 13, 10, 0xff, 0, 1]);

    private static bool IsSecond(ReadOnlySpan<byte> head) =>
        head.Length >= SecondLength && head[6] == 0x81 && head[7] == 0;
}
