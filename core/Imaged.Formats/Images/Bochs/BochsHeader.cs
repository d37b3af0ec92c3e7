using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Bochs;

/// <summary>The header of a growing Bochs disk, checked (Bochs User Manual, "Disk Image Modes" and the format's own
/// description there). Numbers are little endian.</summary>
/// <param name="Length">Length of the disk in bytes: whole sectors.</param>
/// <param name="HeaderLength">Length of the header in bytes; the catalog follows.</param>
/// <param name="FirstExtent">Byte offset of the first extent, behind the catalog.</param>
/// <param name="BitmapLength">Length of the bitmap of an extent in bytes: whole sectors.</param>
/// <param name="ExtentLength">Length of the data of an extent in bytes: whole sectors.</param>
internal sealed record BochsHeader(
    long Length, long HeaderLength, long FirstExtent, long BitmapLength, long ExtentLength)
{
    private const int Size = 512;
    private const int SectorLength = 512;
    private const uint Version1 = 0x10000;
    private const uint Version2 = 0x20000;
    private const uint MaxExtent = 256 << 20;

    /// <summary>What a file begins with.</summary>
    public static ReadOnlySpan<byte> Magic => "Bochs Virtual HD Image\0"u8;

    /// <summary>Parses and checks the header.</summary>
    /// <exception cref="ImageFormatException">It is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">It is of another kind than a growing disk.</exception>
    public static BochsHeader Parse(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[Size];
        if (file.ReadUpTo(0, raw) < Size || !raw.StartsWith(Magic))
        {
            BochsFormat.Throw(0, "there is no header");
        }

        string type = Encoding.Latin1.GetString(raw.Slice(32, 16)).Split('\0')[0];
        string subtype = Encoding.Latin1.GetString(raw.Slice(48, 16)).Split('\0')[0];
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(raw[64..]);
        if (type != "Redolog" || subtype != "Growing" || version is not (Version1 or Version2))
        {
            throw new UnsupportedFeatureException(
                BochsFormat.Info.Id, $"a disk of the type {type}, {subtype}, version {version >> 16}");
        }

        uint headerLength = BinaryPrimitives.ReadUInt32LittleEndian(raw[68..]);
        uint catalog = BinaryPrimitives.ReadUInt32LittleEndian(raw[72..]);
        uint bitmap = BinaryPrimitives.ReadUInt32LittleEndian(raw[76..]);
        uint extent = BinaryPrimitives.ReadUInt32LittleEndian(raw[80..]);

        // Version 2 has a time before the size.
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(raw[(version == Version1 ? 84 : 88)..]);
        if (extent is < SectorLength or > MaxExtent || extent % SectorLength != 0)
        {
            BochsFormat.Throw(80, $"the extent size {extent} is no number of sectors up to {MaxExtent}");
        }

        if (bitmap < (extent / SectorLength + 7) / 8 || bitmap > MaxExtent)
        {
            BochsFormat.Throw(76, $"a bitmap of {bitmap} bytes is not right for an extent of {extent}");
        }

        if (headerLength < Size || headerLength + (catalog * 4ul) > (ulong)file.Length)
        {
            BochsFormat.Throw(72, $"the catalog of {catalog} extents is not inside the file");
        }

        if (length > catalog * (ulong)extent || length % SectorLength != 0)
        {
            BochsFormat.Throw(84, $"{catalog} extents of {extent} bytes are not right for a disk of {length}");
        }

        long bitmapLength = (bitmap + SectorLength - 1L) / SectorLength * SectorLength;
        return new((long)length, headerLength, headerLength + (catalog * 4L), bitmapLength, extent);
    }
}
