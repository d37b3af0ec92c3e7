using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Lvm;

/// <summary>The label of a physical volume (lib/format_text/layout.h): who it is, and where its metadata areas
/// are.</summary>
/// <param name="Id">Id of the physical volume, without dashes.</param>
/// <param name="Areas">Metadata areas: byte offset and bytes.</param>
/// <param name="Others">What else of it is no extent, as the area of a boot loader.</param>
internal sealed record LvmLabel(string Id, List<BlockRange> Areas, List<BlockRange> Others)
{
    private const int SectorSize = 512;
    private const int LabelSectors = 4;
    private const int HeaderLength = 32;
    private const int IdLength = 32;
    private const int MaxAreas = 16;
    private const uint ChecksumSeed = 0xf597a6cf;

    /// <summary>Reads the first label of a volume.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public static LvmLabel Read(BlockSource volume)
    {
        byte[] raw = new byte[SectorSize];
        for (int sector = 0; sector < LabelSectors; sector++)
        {
            if (volume.ReadUpTo(sector * SectorSize, raw) == SectorSize && raw.AsSpan().StartsWith("LABELONE"u8))
            {
                return Parse(raw, sector * SectorSize, volume.Length);
            }
        }

        throw new ImageFormatException(LvmUsedBlocks.Id, 0, "there is no label");
    }

    /// <summary>The checksum of LVM: a CRC-32 that begins with another number and is not inverted at its end.</summary>
    /// <param name="bytes">What it is of.</param>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = ChecksumSeed;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return crc;
    }

    private static LvmLabel Parse(byte[] raw, int offset, long volumeLength)
    {
        uint header = BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(20));
        if (BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(16)) != Checksum(raw.AsSpan(20))
            || header is < HeaderLength or > SectorSize - IdLength - sizeof(ulong)
            || !raw.AsSpan(24).StartsWith("LVM2 001"u8))
        {
            ImageFormatException.Throw(LvmUsedBlocks.Id, offset, "the label is damaged");
        }

        // Id, size of the device, areas of data, areas of metadata, then an extension: version, flags, areas of boot
        // loaders. Each list ends with zeros.
        int at = (int)header + IdLength + sizeof(ulong);
        List<BlockRange> others = [];
        _ = ReadAreas(raw, ref at, offset, long.MaxValue);
        List<BlockRange> areas = ReadAreas(raw, ref at, offset, volumeLength);
        if (at + 8 <= raw.Length && BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(at)) > 0)
        {
            at += 8;
            others = ReadAreas(raw, ref at, offset, volumeLength);
        }

        return new(Encoding.ASCII.GetString(raw, (int)header, IdLength), areas, others);
    }

    private static List<BlockRange> ReadAreas(byte[] raw, ref int at, int label, long volumeLength)
    {
        List<BlockRange> areas = [];
        while (true)
        {
            if (at > raw.Length - 16 || areas.Count == MaxAreas)
            {
                ImageFormatException.Throw(LvmUsedBlocks.Id, label + at, "a list of areas has no end");
            }

            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(raw.AsSpan(at));
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(raw.AsSpan(at + 8));
            at += 16;
            if (offset == 0)
            {
                return areas;
            }

            if (length > (ulong)volumeLength || offset > (ulong)volumeLength - length)
            {
                ImageFormatException.Throw(
                    LvmUsedBlocks.Id, label + at, $"an area of {length} bytes at byte {offset} is not in the volume");
            }

            areas.Add(new((long)offset, (long)length));
        }
    }
}
