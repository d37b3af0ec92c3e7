using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats.Apple;

namespace Imaged.Formats.Signatures;

/// <summary>HFS, and HFS+ with or without an HFS volume around it.</summary>
internal static class HfsVolume
{
    private const int HeaderOffset = 1024;
    private const int SectorSize = 512;
    private const int MaxNodeSize = 32768;
    private const byte LeafNode = 0xff;
    private const uint RootParent = 1;

    // A version 3 UUID is the MD5 of a name space and the id in the Finder's information.
    private static ReadOnlySpan<byte> NameSpace =>
        [0xb3, 0xe2, 0x0f, 0x39, 0xf2, 0x92, 0x11, 0xd6, 0x97, 0xa4, 0x00, 0x30, 0x65, 0x43, 0xec, 0xac];

    /// <summary>Whether a superblock that begins with <c>BD</c> is that of HFS alone.</summary>
    public static bool IsPlain(SignatureReader reader) =>
        !reader.Has(124, "H+"u8) && reader.BigU32(20) is >= 512 and <= 0x7fffffff && reader.BigU32(20) % 512 == 0
        && reader.U8(36) is >= 1 and <= 27;

    public static string? PlainLabel(SignatureReader reader)
    {
        Span<byte> raw = stackalloc byte[reader.U8(36) & 31];
        reader.TryRead(37, raw);
        string label = MacRoman.Decode(raw).TrimEnd([' ', '\0']);
        return label.Length == 0 ? null : label;
    }

    public static string? PlainUuid(SignatureReader reader) => Uuid(reader, 116);

    /// <summary>Offset of the volume header of HFS+, or -1.</summary>
    public static long FindPlus(BlockSource volume)
    {
        SignatureReader reader = new(volume, HeaderOffset);
        if (reader.Has(0, "BD"u8) && reader.Has(124, "H+"u8))
        {
            // Blocks of the volume around it begin at a sector of their own.
            long offset = ((long)reader.BigU16(28) * SectorSize) + ((long)reader.BigU16(126) * reader.BigU32(20));
            reader = reader.At(offset + HeaderOffset);
        }

        bool isPlus = (reader.Has(0, "H+"u8) || reader.Has(0, "HX"u8)) && reader.BigU16(2) is 4 or 5
            && reader.BigU32(40) is >= 512 and <= 0x4000_0000;
        return isPlus ? reader.Origin : -1;
    }

    public static string? PlusUuid(SignatureReader reader) => Uuid(reader, 104);

    /// <summary>The name of the root directory: the first record of the catalog, a B-tree.</summary>
    public static string? PlusLabel(SignatureReader reader)
    {
        long blockSize = reader.BigU32(40);
        SignatureReader volume = reader.At(reader.Origin - HeaderOffset);
        long catalog = FileOffset(reader, blockSize, 0);
        uint leaf = volume.BigU32(catalog + 24);
        int nodeSize = volume.BigU16(catalog + 32);
        long node = FileOffset(reader, blockSize, (long)leaf * nodeSize);

        // Node: kind at 8, first record at 14. Key: length, parent, name.
        return catalog >= 0 && nodeSize is >= 512 and <= MaxNodeSize && node >= 0
            && volume.U8(node + 8) == LeafNode && volume.BigU32(node + 16) == RootParent
            ? volume.Text16(node + 22, Math.Min((int)volume.BigU16(node + 20), 255), bigEndian: true)
            : null;
    }

    // Where a byte of the catalog stands in the volume, by the eight extents in the header; -1 when it is in none of
    // them.
    private static long FileOffset(SignatureReader reader, long blockSize, long offset)
    {
        for (int i = 0; i < 8; i++)
        {
            long first = reader.BigU32(288 + (8 * i));
            long length = reader.BigU32(292 + (8 * i)) * blockSize;
            if (offset < length)
            {
                return (first * blockSize) + offset;
            }

            offset -= length;
        }

        return -1;
    }

    private static string? Uuid(SignatureReader reader, int offset)
    {
        Span<byte> name = stackalloc byte[24];
        NameSpace.CopyTo(name);
        if (!reader.TryRead(offset, name[16..]) || !name[16..].ContainsAnyExcept((byte)0))
        {
            return null;
        }

        Span<byte> uuid = stackalloc byte[16];
#pragma warning disable CA5351 // The format says MD5; nothing is secret here.
        MD5.HashData(name, uuid);
#pragma warning restore CA5351
        uuid[6] = (byte)(0x30 | (uuid[6] & 0x0f));
        uuid[8] = (byte)(0x80 | (uuid[8] & 0x3f));
        return SignatureReader.Format(uuid);
    }
}
