using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Partclone;

/// <summary>The header of an image (partclone, IMAGE_FORMATS.md). Numbers are little endian.</summary>
/// <param name="Version">1 or 2, written <c>0001</c> and <c>0002</c>.</param>
/// <param name="Writer">Version of the partclone that wrote it; empty in version 0001.</param>
/// <param name="FileSystem">Name of the file system.</param>
/// <param name="DeviceLength">Bytes of the device, at least 1.</param>
/// <param name="BlockCount">Blocks of the file system, at least 1.</param>
/// <param name="UsedCount">Blocks that are said to be stored.</param>
/// <param name="BlockLength">Bytes of a block, a power of two from 512 to 64 MiB.</param>
/// <param name="Bitmap">What follows the header.</param>
/// <param name="BitmapOffset">Byte offset of that.</param>
/// <param name="Checksum">What follows each strip of blocks.</param>
/// <param name="ChecksumLength">Bytes of a checksum; 0 when there is none.</param>
/// <param name="BlocksPerChecksum">Blocks of a strip, at least 1 when there are checksums.</param>
/// <param name="Reseeds">Whether a checksum is of its own strip alone, not of all up to it.</param>
internal sealed record PartcloneHeader(
    int Version,
    string Writer,
    string FileSystem,
    long DeviceLength,
    long BlockCount,
    long UsedCount,
    int BlockLength,
    PartcloneBitmapKind Bitmap,
    int BitmapOffset,
    PartcloneChecksum Checksum,
    int ChecksumLength,
    uint BlocksPerChecksum,
    bool Reseeds)
{
    /// <summary>Byte offset of the version, four digits.</summary>
    public const int VersionOffset = 30;

    private const int FirstLength = 4160;
    private const int SecondLength = 110;
    private const int CrcOffset = 106;
    private const int MaxBlockLength = 64 << 20;
    private const long MaxBlockCount = 1L << 43;
    private const long MaxLength = 1L << 62;
    private const ushort LittleEndian = 0xC0DE;
    private const ushort BigEndian = 0xDEC0;
    private const ushort ImageVersion = 2;

    /// <summary>The first bytes.</summary>
    public static ReadOnlySpan<byte> Magic => "partclone-image"u8;

    private static ReadOnlySpan<byte> FirstVersion => "0001"u8;

    private static ReadOnlySpan<byte> SecondVersion => "0002"u8;

    /// <summary>Reads and checks the header.</summary>
    /// <exception cref="ImageFormatException">It is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">It is of an unknown kind.</exception>
    public static PartcloneHeader Read(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[SecondLength];
        if (file.ReadUpTo(0, raw) < raw.Length || !raw.StartsWith(Magic))
        {
            PartcloneFormat.Throw(0, "there is no header");
        }

        ReadOnlySpan<byte> version = raw.Slice(VersionOffset, 4);
        PartcloneHeader header = version.SequenceEqual(SecondVersion) ? ParseSecond(raw)
            : version.SequenceEqual(FirstVersion) ? ParseFirst(raw)
            : throw new UnsupportedFeatureException(PartcloneFormat.Info.Id, $"version '{TextOf(version)}'");
        return Check(header);
    }

    // The CRC of each block is of its first byte alone, again and again: it says nothing.
    private static PartcloneHeader ParseFirst(ReadOnlySpan<byte> raw) => new(
        1,
        string.Empty,
        TextOf(raw[15..30]),
        LengthAt(raw, 40),
        LengthAt(raw, 48),
        LengthAt(raw, 56),
        BlockLengthAt(raw, 36),
        PartcloneBitmapKind.Bytes,
        FirstLength,
        PartcloneChecksum.None,
        0,
        0,
        Reseeds: false);

    private static PartcloneHeader ParseSecond(ReadOnlySpan<byte> raw)
    {
        switch (BinaryPrimitives.ReadUInt16LittleEndian(raw[34..]))
        {
            case LittleEndian:
                break;
            case BigEndian:
                throw new UnsupportedFeatureException(
                    PartcloneFormat.Info.Id, "an image that a big-endian machine wrote");
            case ushort other:
                PartcloneFormat.Throw(34, $"the mark of the byte order is 0x{other:x4}");
                break;
        }

        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(raw[CrcOffset..]);
        if (PartcloneBitmap.CrcOf(raw[..CrcOffset]) != stored)
        {
            PartcloneFormat.Throw(CrcOffset, "the header is damaged: its CRC is wrong");
        }

        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(raw[92..]);
        if (version != ImageVersion)
        {
            throw new UnsupportedFeatureException(PartcloneFormat.Info.Id, $"image version {version}");
        }

        PartcloneChecksum checksum = (PartcloneChecksum)BinaryPrimitives.ReadUInt16LittleEndian(raw[96..]);
        bool has = checksum != PartcloneChecksum.None;
        return new(
            2,
            TextOf(raw[16..30]),
            TextOf(raw[36..52]),
            LengthAt(raw, 52),
            LengthAt(raw, 60),
            LengthAt(raw, 76),
            BlockLengthAt(raw, 84),
            (PartcloneBitmapKind)raw[105],
            SecondLength,
            checksum,
            has ? BinaryPrimitives.ReadUInt16LittleEndian(raw[98..]) : 0,
            has ? BinaryPrimitives.ReadUInt32LittleEndian(raw[100..]) : 0,
            raw[104] != 0);
    }

    private static PartcloneHeader Check(PartcloneHeader header)
    {
        if (!Enum.IsDefined(header.Checksum))
        {
            throw new UnsupportedFeatureException(
                PartcloneFormat.Info.Id, $"checksum mode 0x{(int)header.Checksum:x2}");
        }

        if (!Enum.IsDefined(header.Bitmap))
        {
            throw new UnsupportedFeatureException(PartcloneFormat.Info.Id, $"bitmap mode {(int)header.Bitmap}");
        }

        int expected = header.Checksum switch
        {
            PartcloneChecksum.None => 0,
            PartcloneChecksum.Crc32 => sizeof(uint),
            PartcloneChecksum.XxHash64 => sizeof(ulong),
            _ => 2 * sizeof(ulong),
        };
        if (header.ChecksumLength != expected || (expected > 0 && header.BlocksPerChecksum == 0))
        {
            PartcloneFormat.Throw(
                98,
                $"there are {header.ChecksumLength} bytes of a checksum behind {header.BlocksPerChecksum} blocks");
        }

        if (header.BlockLength is < 512 or > MaxBlockLength || !BitOperations.IsPow2(header.BlockLength))
        {
            PartcloneFormat.Throw(
                header.Version == 1 ? 36 : 84,
                $"the block size {header.BlockLength} is no power of two from 512 to {MaxBlockLength}");
        }

        if (header.BlockCount is < 1 or > MaxBlockCount || header.DeviceLength is < 1 or > MaxLength
            || header.BlockCount > MaxLength / header.BlockLength)
        {
            PartcloneFormat.Throw(
                header.Version == 1 ? 40 : 52,
                $"the device has {header.DeviceLength} bytes and {header.BlockCount} blocks");
        }

        return header;
    }

    private static long LengthAt(ReadOnlySpan<byte> raw, int offset) =>
        (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(raw[offset..]), long.MaxValue);

    private static int BlockLengthAt(ReadOnlySpan<byte> raw, int offset) =>
        (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(raw[offset..]), int.MaxValue);

    private static string TextOf(ReadOnlySpan<byte> raw)
    {
        int end = raw.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? raw : raw[..end]).Trim();
    }
}
