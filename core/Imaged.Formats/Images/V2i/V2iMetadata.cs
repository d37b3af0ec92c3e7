using System.Buffers.Binary;
using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.V2i;

/// <summary>What the first slot of a set says: how long the stream is, and where in it the parts stand.</summary>
/// <param name="StreamLength">Bytes of the stream.</param>
/// <param name="BlockCount">Blocks of all files behind the first slot.</param>
/// <param name="FileCount">Files of the set, at least 1.</param>
/// <param name="Map">Which sectors are stored.</param>
/// <param name="Data">The stored sectors.</param>
/// <param name="FirstSector">Where the volume began on its disk; null when nothing says so.</param>
internal sealed record V2iMetadata(
    long StreamLength, long BlockCount, int FileCount, V2iRange Map, V2iRange Data, long? FirstSector)
{
    private const int MaxFiles = 999;
    private const long MaxStreamLength = 1L << 50;
    private const int DirectoryEntryLength = 0x38;
    private const int SectorLength = 512;

    private static ReadOnlySpan<byte> HeadMagic => "$CDH"u8;

    private static ReadOnlySpan<byte> VolumeMagic => "PART"u8;

    private static ReadOnlySpan<byte> EntryMagic => "$CDED\0\0\0"u8;

    /// <summary>Whether a file begins as a base file that can be read.</summary>
    /// <param name="head">Its first bytes.</param>
    public static bool IsIn(ReadOnlySpan<byte> head)
    {
        if (head.Length < V2iHeader.Length || !head.StartsWith(V2iHeader.BaseMagic))
        {
            return false;
        }

        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
        return offset < head.Length && head[(int)offset..].StartsWith(HeadMagic);
    }

    /// <summary>Takes the metadata out of the first slot.</summary>
    /// <exception cref="ImageFormatException">Something is wrong or missing.</exception>
    public static V2iMetadata Parse(ReadOnlySpan<byte> slot, V2iHeader header)
    {
        if (!IsIn(slot) || header.MetadataOffset > slot.Length - 0x60)
        {
            V2iFormat.Throw(4, $"the first block of metadata is not at byte {header.MetadataOffset}");
        }

        int at = (int)header.MetadataOffset;
        ReadOnlySpan<byte> head = slot[at..];
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(head[0x10..]);
        uint blocks = BinaryPrimitives.ReadUInt32LittleEndian(head[0x18..]);
        uint files = BinaryPrimitives.ReadUInt32LittleEndian(head[0x1C..]);
        uint sector = BinaryPrimitives.ReadUInt32LittleEndian(head[0x24..]);
        if (length is <= V2iHeader.PayloadLength or > MaxStreamLength || blocks < 2 || files is 0 or > MaxFiles)
        {
            V2iFormat.Throw(at + 0x10, $"the set has {length} bytes in {blocks} blocks and {files} files");
        }

        if (sector != SectorLength)
        {
            throw new UnsupportedFeatureException(V2iFormat.Info.Id, $"a sector size of {sector} bytes");
        }

        V2iRange? map = null;
        V2iRange? data = null;
        for (int entry = Next(slot, at, EntryMagic); entry >= 0; entry = Next(slot, entry + 1, EntryMagic))
        {
            string name = ParseEntry(slot[entry..], entry, (long)length, out V2iRange range);
            ref V2iRange? target = ref map;
            switch (name)
            {
                case "ubmap":
                    break;
                case "udata":
                    target = ref data;
                    break;
                default:
                    continue;
            }

            if (target is not null)
            {
                V2iFormat.Throw(entry, $"the directory has two entries '{name}'");
            }

            target = range;
        }

        if (map is not { } found || data is not { } stored)
        {
            throw new ImageFormatException(
                V2iFormat.Info.Id, at, $"the directory has no entry '{(map is null ? "ubmap" : "udata")}'");
        }

        return new((long)length, blocks - 1, (int)files, found, stored, FindFirstSector(slot, at));
    }

    private static int Next(ReadOnlySpan<byte> slot, int from, ReadOnlySpan<byte> magic)
    {
        int next = slot[from..].IndexOf(magic);
        return next < 0 || from + next > slot.Length - DirectoryEntryLength ? -1 : from + next;
    }

    private static string ParseEntry(ReadOnlySpan<byte> raw, int offset, long streamLength, out V2iRange range)
    {
        ulong begin = BinaryPrimitives.ReadUInt64LittleEndian(raw[0x18..]);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(raw[0x20..]);
        uint nameOffset = BinaryPrimitives.ReadUInt32LittleEndian(raw[0x28..]);
        uint nameLength = BinaryPrimitives.ReadUInt32LittleEndian(raw[0x2C..]);
        if (length > (ulong)streamLength || begin > (ulong)streamLength - length)
        {
            V2iFormat.Throw(offset, $"an entry of the directory has {length} bytes at {begin} of {streamLength}");
        }

        if (nameOffset > raw.Length || nameLength > (raw.Length - nameOffset) / sizeof(char))
        {
            V2iFormat.Throw(offset + 0x28, $"the name of an entry has {nameLength} letters at byte {nameOffset}");
        }

        range = new((long)begin, (long)length);
        return Encoding.Unicode.GetString(raw.Slice((int)nameOffset, (int)nameLength * sizeof(char))).TrimEnd('\0');
    }

    private static long? FindFirstSector(ReadOnlySpan<byte> slot, int from)
    {
        const int FirstSectorOffset = 0x88;
        int at = slot[from..].IndexOf(VolumeMagic);
        return at < 0 || from + at > slot.Length - FirstSectorOffset - sizeof(uint)
            ? null
            : BinaryPrimitives.ReadUInt32LittleEndian(slot[(from + at + FirstSectorOffset)..]);
    }
}
