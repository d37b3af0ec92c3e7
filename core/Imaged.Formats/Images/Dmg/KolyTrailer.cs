using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Dmg;

/// <summary>The trailer of a UDIF image, its last 512 bytes; in very old images the first ones.</summary>
/// <param name="ForkOffset">Where the data fork begins in the file.</param>
/// <param name="ForkLength">Its length in bytes.</param>
/// <param name="ResourceOffset">Where the resource fork begins; of no meaning when it is empty.</param>
/// <param name="ResourceLength">Its length in bytes; 0 for none.</param>
/// <param name="ListOffset">Where the property list begins; of no meaning when it is empty.</param>
/// <param name="ListLength">Its length in bytes; 0 for none.</param>
/// <param name="Segment">Number of this file among those of the image, from 1.</param>
/// <param name="SegmentCount">Files of the image; 0 and 1 both mean one.</param>
/// <param name="SegmentId">The same in all of them.</param>
/// <param name="IsPartition">Whether the image is that of a partition, not of a whole device.</param>
/// <param name="SectorCount">Sectors of the disk.</param>
/// <param name="ForkChecksum">Of the data fork as it is stored.</param>
/// <param name="MasterChecksum">Of the checksums of all tables.</param>
internal sealed record KolyTrailer(
    long ForkOffset,
    long ForkLength,
    long ResourceOffset,
    long ResourceLength,
    long ListOffset,
    long ListLength,
    uint Segment,
    uint SegmentCount,
    UInt128 SegmentId,
    bool IsPartition,
    long SectorCount,
    DmgChecksum ForkChecksum,
    DmgChecksum MasterChecksum)
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 512;

    /// <summary>Most sectors of a disk: 2^62 bytes.</summary>
    public const long MaxSectorCount = 1L << 53;

    private const uint Version = 4;
    private const uint MaxSegments = 999;

    /// <summary>The first four bytes.</summary>
    public static ReadOnlySpan<byte> Magic => "koly"u8;

    /// <summary>Reads a trailer that begins with the magic bytes.</summary>
    /// <param name="raw">Its 512 bytes.</param>
    /// <param name="offset">Where it stands, for errors.</param>
    /// <param name="fileLength">Of the file that it is in.</param>
    /// <exception cref="ImageFormatException">A field is out of its range.</exception>
    public static KolyTrailer Parse(ReadOnlySpan<byte> raw, long offset, long fileLength)
    {
        uint version = BinaryPrimitives.ReadUInt32BigEndian(raw[4..]);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(raw[8..]);
        ulong sectors = BinaryPrimitives.ReadUInt64BigEndian(raw[492..]);
        uint segments = BinaryPrimitives.ReadUInt32BigEndian(raw[60..]);
        if (version != Version || length != Length)
        {
            ImageFormatException.Throw(
                DmgFormat.Info.Id, offset + 4, $"the trailer has version {version} and {length} bytes");
        }

        if (sectors > MaxSectorCount || segments > MaxSegments)
        {
            ImageFormatException.Throw(DmgFormat.Info.Id, offset + 492, $"{sectors} sectors in {segments} segments");
        }

        (long forkOffset, long forkLength) = ReadRange(raw, 24, offset, fileLength, "data fork");
        (long resourceOffset, long resourceLength) = ReadRange(raw, 40, offset, fileLength, "resource fork");
        (long listOffset, long listLength) = ReadRange(raw, 216, offset, fileLength, "property list");
        return new(
            forkOffset,
            forkLength,
            resourceOffset,
            resourceLength,
            listOffset,
            listLength,
            BinaryPrimitives.ReadUInt32BigEndian(raw[56..]),
            segments,
            BinaryPrimitives.ReadUInt128BigEndian(raw[64..]),
            BinaryPrimitives.ReadUInt32BigEndian(raw[488..]) == 2,
            (long)sectors,
            DmgChecksum.Parse(raw.Slice(80, DmgChecksum.Length)),
            DmgChecksum.Parse(raw.Slice(352, DmgChecksum.Length)));
    }

    // Empty ranges may stand anywhere.
    private static (long Offset, long Length) ReadRange(
        ReadOnlySpan<byte> raw, int at, long trailer, long fileLength, string what)
    {
        ulong offset = BinaryPrimitives.ReadUInt64BigEndian(raw[at..]);
        ulong length = BinaryPrimitives.ReadUInt64BigEndian(raw[(at + 8)..]);
        if (length == 0)
        {
            return (0, 0);
        }

        if (offset > (ulong)fileLength || length > (ulong)fileLength - offset)
        {
            ImageFormatException.Throw(
                DmgFormat.Info.Id,
                trailer + at,
                $"the {what} has {length} bytes at {offset}, the file ends at {fileLength}");
        }

        return ((long)offset, (long)length);
    }
}
