using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Uif;

/// <summary>The 64 bytes at the end of a UIF image; little-endian.</summary>
/// <param name="Version">1, 2 (zlib), from 3 on LZMA.</param>
/// <param name="IsPlain">Whether it holds a plain image of 2048 bytes a sector, with no descriptor.</param>
/// <param name="Sectors">Sectors of the image.</param>
/// <param name="SectorLength">Bytes of a sector.</param>
/// <param name="ImageLength">Bytes of the image.</param>
/// <param name="TableOffset">Byte offset of the block that lists the chunks.</param>
/// <param name="FixedKey">Number of the key that is used without a password, 1 to 16; 0 for none.</param>
internal sealed record UifTrailer(
    int Version, bool IsPlain, uint Sectors, int SectorLength, long ImageLength, long TableOffset, int FixedKey)
{
    /// <summary>Its bytes.</summary>
    public const int Length = 64;

    private const int PlainType = 8;
    private const int MixedType = 9;
    private const int OwnCipher = 2;
    private const int FixedKeys = 16;
    private const int MaxVersion = 255;
    private const long MaxImageLength = 1L << 46;

    /// <summary>What it begins with.</summary>
    public static ReadOnlySpan<byte> Magic => "bbis"u8;

    /// <summary>Reads the trailer at the end of a file.</summary>
    /// <exception cref="ImageFormatException">It is damaged or none.</exception>
    /// <exception cref="UnsupportedFeatureException">A kind of image or of encryption that is not known.</exception>
    public static UifTrailer Read(BlockSource file)
    {
        if (file.Length < Length)
        {
            ImageFormatException.Throw(UifFormat.Id, 0, $"the file has {file.Length} bytes");
        }

        return Parse(file.ReadBytes(file.Length - Length, Length), file.Length - Length);
    }

    /// <summary>Parses a trailer.</summary>
    /// <param name="raw">Its bytes.</param>
    /// <param name="offset">Where it is, for errors.</param>
    public static UifTrailer Parse(ReadOnlySpan<byte> raw, long offset)
    {
        if (!raw.StartsWith(Magic))
        {
            ImageFormatException.Throw(UifFormat.Id, offset, "there is no trailer");
        }

        int version = BinaryPrimitives.ReadUInt16LittleEndian(raw[8..]);
        int type = BinaryPrimitives.ReadUInt16LittleEndian(raw[10..]);
        if (version is 0 or > MaxVersion || type is not (PlainType or MixedType))
        {
            UnsupportedFeatureException.Throw(UifFormat.Id, $"version {version} with an image of type {type}");
        }

        uint sectors = BinaryPrimitives.ReadUInt32LittleEndian(raw[16..]);
        uint sector = BinaryPrimitives.ReadUInt32LittleEndian(raw[20..]);
        uint last = BinaryPrimitives.ReadUInt32LittleEndian(raw[24..]);
        if (sector is not (2048 or 2324 or 2332 or 2336 or 2352 or 2368 or 2448))
        {
            ImageFormatException.Throw(UifFormat.Id, offset + 20, $"a sector has {sector} bytes");
        }

        long length = ((long)sectors * sector) - (last == 0 ? 0 : (long)sector - last);
        if (sectors == 0 || last > sector || length > MaxImageLength)
        {
            ImageFormatException.Throw(
                UifFormat.Id, offset + 16, $"there are {sectors} sectors, the last one of {last} bytes");
        }

        // The keys mean nothing in the first version.
        if (version >= 2 && raw[57] == OwnCipher)
        {
            UnsupportedFeatureException.Throw(UifFormat.Id, "the encryption that MagicISO made up itself");
        }

        return new(
            version,
            type == PlainType,
            sectors,
            (int)sector,
            length,
            BinaryPrimitives.ReadInt64LittleEndian(raw[28..]),
            version >= 2 && raw[56] <= FixedKeys ? raw[56] : 0);
    }
}
