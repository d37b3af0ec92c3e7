using System.Buffers.Binary;
using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.C2d;

/// <summary>An index of a track.</summary>
/// <param name="EntryOffset">Byte offset of the block, for errors.</param>
internal sealed record C2dBlock(long EntryOffset)
{
    /// <summary>Bytes of a block.</summary>
    public const int Length = 44;

    private const ulong NoOffset = uint.MaxValue;

    /// <summary>First sector.</summary>
    public long First { get; init; }

    /// <summary>Last sector.</summary>
    public long Last { get; init; }

    /// <summary>Whether it has an offset of its own.</summary>
    public bool HasOffset { get; init; }

    /// <summary>Byte offset of the first sector.</summary>
    public long Offset { get; init; }

    /// <summary>Bytes of a stored sector.</summary>
    public uint SectorSize { get; init; }

    /// <summary>International standard recording code, or anything else.</summary>
    public string Isrc { get; init; } = string.Empty;

    /// <summary>Control bits.</summary>
    public int Control { get; init; }

    /// <summary>Number of the session.</summary>
    public int Session { get; init; }

    /// <summary>Number of the track.</summary>
    public int Track { get; init; }

    /// <summary>Number of the index.</summary>
    public int Index { get; init; }

    /// <summary>Kind of the track.</summary>
    public TrackMode Mode { get; init; }

    /// <summary>Whether it is compressed.</summary>
    public bool IsCompressed { get; init; }

    /// <summary>Reads a block.</summary>
    /// <param name="bytes">The block.</param>
    /// <param name="offset">Its byte offset.</param>
    public static C2dBlock Parse(ReadOnlySpan<byte> bytes, long offset)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        long first = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        long last = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        ulong position = BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]);
        bool hasOffset = position is not (NoOffset or ulong.MaxValue);
        if (length != Length || last < first || (hasOffset && position > long.MaxValue / 2))
        {
            ImageFormatException.Throw(
                C2dFormat.Id, offset, $"a block of {length} bytes has sectors {first} to {last} at byte {position}");
        }

        int flags = bytes[36];
        return new(offset)
        {
            First = first,
            Last = last,
            HasOffset = hasOffset,
            Offset = hasOffset ? (long)position : 0,
            SectorSize = BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]),
            Isrc = Encoding.Latin1.GetString(bytes.Slice(24, 12)),

            // 1 copying permitted, 2 pre-emphasis, 4 data.
            Control = ((flags & 1) << 1) | ((flags & 2) >> 1) | (flags & 4),
            Session = bytes[37],
            Track = bytes[38],
            Index = bytes[39],
            Mode = bytes[40] switch { 0 or 0xff => TrackMode.Audio, 1 => TrackMode.Mode1, _ => TrackMode.Mode2 },
            IsCompressed = bytes[41] != 0,
        };
    }
}
