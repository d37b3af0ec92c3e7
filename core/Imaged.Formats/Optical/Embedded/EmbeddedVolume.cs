using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Embedded;

/// <summary>An ISO 9660 volume somewhere in a file whose layout nobody knows: found by its descriptors, which also tell
/// how its sectors are stored, and checked by its root directory.</summary>
/// <param name="Offset">Byte offset of its first sector.</param>
/// <param name="Mode">Kind of the track.</param>
/// <param name="Stored">How its sectors are stored.</param>
/// <param name="Space">Sectors that the volume says it has.</param>
internal sealed record EmbeddedVolume(long Offset, TrackMode Mode, StoredSector Stored, long Space)
{
    /// <summary>Bytes at the beginning of a file in which a volume is looked for.</summary>
    public const int SearchLength = (4 << 20) + (64 << 10);

    private const int DescriptorSector = 16;
    private const int MaxCandidates = 64;
    private const int DataLength = SectorLayouts.DataLength;

    // A track may end with sectors that could not be read.
    private const int Slack = 150;
    private const byte Terminator = 255;

    private static readonly int[] Strides = [2048, 2336, 2352, 2448, 2368];

    private static ReadOnlySpan<byte> Primary => [1, (byte)'C', (byte)'D', (byte)'0', (byte)'0', (byte)'1', 1, 0];

    /// <summary>Looks for a volume.</summary>
    /// <param name="source">The file.</param>
    /// <returns>Null when there is none that is stored in plain sectors.</returns>
    public static EmbeddedVolume? Find(BlockSource source)
    {
        byte[] head = source.ReadBytes(0, (int)Math.Min(SearchLength, source.Length));
        int from = 0;
        for (int i = 0; i < MaxCandidates; i++)
        {
            int next = head.AsSpan(from).IndexOf(Primary);
            if (next < 0)
            {
                break;
            }

            int at = from + next;
            foreach (int stride in Strides)
            {
                if (HasTerminator(source, at, stride) && Check(source, at, stride) is { } volume)
                {
                    return volume;
                }
            }

            from = at + 1;
        }

        return null;
    }

    /// <summary>All sectors from the first one of the volume to the end of the file.</summary>
    /// <param name="source">The file that it was found in.</param>
    public SectorRun Sectors(BlockSource source) =>
        Stored.Run(0, (source.Length - Offset) / Stored.Length, source, Offset);

    // Descriptors follow each other up to one that ends them (ECMA-119 section 8.3).
    private static bool HasTerminator(BlockSource source, long at, int stride)
    {
        Span<byte> head = stackalloc byte[7];
        for (int i = 1; i <= DescriptorSector; i++)
        {
            if (source.ReadUpTo(at + ((long)i * stride), head) < head.Length || !head[1..6].SequenceEqual("CD001"u8))
            {
                return false;
            }

            if (head[0] == Terminator)
            {
                return true;
            }
        }

        return false;
    }

    private static EmbeddedVolume? Check(BlockSource source, long at, int stride)
    {
        (int data, TrackMode mode) = DataOf(source, at, stride);
        long offset = at - data - ((long)DescriptorSector * stride);
        if (data < 0 || offset < 0 || at + DataLength > source.Length)
        {
            return null;
        }

        Span<byte> field = stackalloc byte[190];
        source.Read(at, field);
        long space = BinaryPrimitives.ReadUInt32LittleEndian(field[80..]);
        long root = BinaryPrimitives.ReadUInt32LittleEndian(field[158..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(field[128..]) != DataLength
            || space <= DescriptorSector || field[156] != 34
            || offset + ((space - Slack) * stride) > source.Length)
        {
            return null;
        }

        // The root directory begins with an entry of itself (ECMA-119 section 6.8.2.2).
        Span<byte> record = stackalloc byte[34];
        long position = offset + (root * stride) + data;
        return source.ReadUpTo(position, record) == record.Length && record[0] >= 34 && record[32] == 1 && record[
            33] == 0
            && BinaryPrimitives.ReadUInt32LittleEndian(record[2..]) == root
                ? new(offset, mode, StoredSector.OfLength(stride)!.Value, space)
                : null;
    }

    // Where user data begins in a stored sector: behind a header, whose sync pattern must be there, or a subheader.
    private static (int Data, TrackMode Mode) DataOf(BlockSource source, long at, int stride)
    {
        switch (stride)
        {
            case 2048:
                return (0, TrackMode.Mode1);
            case 2336:
                return (8, TrackMode.Mode2);
        }

        Span<byte> sync = stackalloc byte[12];
        foreach (int data in (ReadOnlySpan<int>)[RawSector.Mode1Data, RawSector.Form1Data])
        {
            if (at >= data && source.ReadUpTo(at - data, sync) == sync.Length && RawSector.HasSync(sync))
            {
                return (data, data == RawSector.Mode1Data ? TrackMode.Mode1 : TrackMode.Mode2);
            }
        }

        return (-1, TrackMode.Mode1);
    }
}
