using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Hfs;
using Imaged.Formats.Signatures;

namespace Imaged.Formats.HfsPlus;

/// <summary>The volume header of HFS+ (TN1150, "Volume Header"), with or without an HFS volume around it.</summary>
internal static class HfsPlusHeader
{
    /// <summary>Bytes before the header.</summary>
    public const int HeaderOffset = 1024;

    /// <summary>Bytes of the description of a fork.</summary>
    public const int ForkSize = 80;

    private const int MaxNodeSize = 32768;
    private const byte LeafNode = 0xff;
    private const uint RootParent = 1;

    /// <summary>Offset of the volume header of HFS+, or -1.</summary>
    public static long Find(BlockSource volume)
    {
        SignatureReader reader = new(volume, HeaderOffset);
        if (HfsMdb.FindEmbedded(reader) is >= 0 and long offset)
        {
            reader = reader.At(offset + HeaderOffset);
        }

        bool isPlus = (reader.Has(0, "H+"u8) || reader.Has(0, "HX"u8)) && reader.BigU16(2) is 4 or 5
            && reader.BigU32(40) is >= 512 and <= 0x4000_0000;
        return isPlus ? reader.Origin : -1;
    }

    /// <summary>Reads the description of a fork (TN1150, "Fork Data Structure").</summary>
    public static HfsFork ParseFork(ReadOnlySpan<byte> raw) => new(
        BinaryPrimitives.ReadUInt64BigEndian(raw),
        raw.Slice(16, HfsPlusVolume.Layout.ExtentRecordLength).ToArray());

    /// <summary>The UUID as blkid prints it; null for none.</summary>
    public static string? Uuid(SignatureReader reader) => HfsMdb.MakeUuid(reader, 104);

    /// <summary>The name of the root directory: the first record of the catalog, a B-tree.</summary>
    public static string? Label(SignatureReader reader)
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
}
