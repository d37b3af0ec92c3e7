using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Sectors;

/// <summary>Finds out how data sectors stand in a file without a header. What the sectors say decides, never the size
/// of the file alone: multiples of 2048 and of 2352 often meet.</summary>
internal static class RawDetector
{
    private const int DescriptorSector = 16;
    private const int ProbeSectors = 32;
    private const int SubheaderSectors = 16;
    private const int MaxStart = 2 * 2448;

    // Where the first volume descriptor stands tells the size of a sector and where the data is in it.
    private static readonly (int Length, int Data, TrackMode Mode)[] Layouts =
    [
        (2048, 0, TrackMode.Mode1),
        (2336, 8, TrackMode.Mode2),
        (2352, 16, TrackMode.Mode1),
        (2352, 24, TrackMode.Mode2),
        (2448, 16, TrackMode.Mode1),
        (2448, 24, TrackMode.Mode2),
        (2368, 16, TrackMode.Mode1),
        (2368, 24, TrackMode.Mode2),
        (2056, 8, TrackMode.Mode2),
        (2332, 8, TrackMode.Mode2),
        (2340, 4, TrackMode.Mode1),
        (2340, 12, TrackMode.Mode2),
        (2432, 8, TrackMode.Mode2),
        (2064, 0, TrackMode.Mode1),
        (2144, 0, TrackMode.Mode1),
    ];

    private static readonly int[] RawLengths = [2352, 2448, 2368];

    /// <summary>How the data sectors of a file stand in it; null when there are none.</summary>
    public static RawLayout? Find(BlockSource source) =>
        BySignature(source) ?? BySync(source) ?? BySubheader(source);

    /// <summary>Whether the bytes, the beginning of a file, may be those of data sectors; plain ones are
    /// none.</summary>
    public static bool MayBe(ReadOnlySpan<byte> head, long length) =>
        head[..Math.Min(head.Length, MaxStart)].IndexOf(RawSector.Sync) >= 0
        || HasSubheaders(head, length)
        || (!IsSignature(head, 2048, 0) && HasAnySignature(head));

    /// <summary>The address in the header of a whole sector, which may be scrambled; null when it makes no
    /// sense.</summary>
    public static long? AddressOf(ReadOnlySpan<byte> sector, bool isScrambled)
    {
        if (!RawSector.HasSync(sector))
        {
            return null;
        }

        Span<byte> header = stackalloc byte[4];
        sector.Slice(12, 4).CopyTo(header);
        if (isScrambled)
        {
            Scrambler.ApplyToHeader(header);
        }

        return Msf.TryReadHeader(header, out long lba) && (header[3] & 3) != 3 && (header[3] & 0x1c) == 0 ? lba : null;
    }

    /// <summary>The mode of whole data sectors, scrambled or not; null when there are none. The first ones may be
    /// damaged.</summary>
    /// <param name="source">What stores them.</param>
    /// <param name="offset">Byte offset of the first one.</param>
    /// <param name="stride">Bytes from one to the next.</param>
    public static TrackMode? FindMode(BlockSource source, long offset, int stride)
    {
        byte[] sector = new byte[16];
        int found = 0;
        for (int i = 0; i < ProbeSectors; i++, offset += stride)
        {
            if (offset < 0 || offset > source.Length || source.ReadUpTo(offset, sector) < sector.Length)
            {
                break;
            }

            // One pattern alone may be sound, or data that happens to look so.
            if (RawSector.HasSync(sector) && RawSector.ModeOf(sector) is 1 or 2 && ++found == 2)
            {
                return RawSector.ModeOf(sector) == 2 ? TrackMode.Mode2 : TrackMode.Mode1;
            }
        }

        return null;
    }

    private static bool HasAnySignature(ReadOnlySpan<byte> head)
    {
        foreach ((int length, int data, _) in Layouts)
        {
            if (IsSignature(head, length, data))
            {
                return true;
            }
        }

        return false;
    }

    private static RawLayout? BySignature(BlockSource source)
    {
        Span<byte> head = stackalloc byte[16];
        foreach (int pregap in (ReadOnlySpan<int>)[0, DiscBuilder.FirstPregap])
        {
            foreach ((int length, int data, TrackMode mode) in Layouts)
            {
                long offset = ((DescriptorSector + (long)pregap) * length) + data;
                if (offset + 2048 <= source.Length)
                {
                    source.Read(offset, head);
                    if (IsDescriptor(head))
                    {
                        return Complete(source, length, mode, 0, -pregap);
                    }
                }
            }
        }

        return null;
    }

    private static RawLayout? BySync(BlockSource source)
    {
        byte[] head = source.ReadBytes(0, (int)Math.Min(source.Length, MaxStart + (RawSector.Length * 2)));
        int first = head.AsSpan(0, Math.Min(head.Length, MaxStart)).IndexOf(RawSector.Sync);
        if (first < 0)
        {
            return null;
        }

        (int length, int count) = RawLengths.Select(length => (length, CountSyncs(source, first, length)))
            .MaxBy(item => item.Item2);
        if (count == 0 || (count == 1 && (source.Length - first) / RawSector.Length > 1))
        {
            return null;
        }

        // Sectors before the first that has its pattern may be damaged: the file begins with a whole one, if it can.
        long offset = first % length == 0 ? 0 : first;
        return Complete(source, length, null, offset, 0);
    }

    private static RawLayout? BySubheader(BlockSource source)
    {
        int count = (int)Math.Min(source.Length, SubheaderSectors * 2336);
        return HasSubheaders(source.ReadBytes(0, count), source.Length)
            ? new(new(SectorLayout.Mode2Data2336, SubchannelLayout.None), TrackMode.Mode2, 0, 0, false)
            : null;
    }

    // Submode: at most one of video, audio and data; and at least something in it, as zeros repeat themselves, too.
    private static bool HasSubheaders(ReadOnlySpan<byte> head, long length)
    {
        long count = Math.Min(SubheaderSectors, length / 2336);
        if (length % 2336 != 0 || count == 0 || head.Length < count * 2336)
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> subheader = head.Slice(i * 2336, 8);
            int kind = subheader[2] & 0x0e;
            if (!subheader[..4].SequenceEqual(subheader[4..]) || kind is not (2 or 4 or 8))
            {
                return false;
            }
        }

        return true;
    }

    private static int CountSyncs(BlockSource source, long first, int length)
    {
        Span<byte> sync = stackalloc byte[12];
        int count = 0;
        for (int i = 0; i < ProbeSectors; i++)
        {
            long offset = first + ((long)i * length);
            if (offset + RawSector.Length > source.Length)
            {
                break;
            }

            source.Read(offset, sync);
            count += RawSector.HasSync(sync) ? 1 : 0;
        }

        return count;
    }

    // Mode, address and scrambling as the headers say, if there are headers.
    private static RawLayout? Complete(BlockSource source, int length, TrackMode? mode, long offset, long firstLba)
    {
        StoredSector stored = StoredSector.OfLength(length)!.Value;
        if (stored.Layout != SectorLayout.Raw2352)
        {
            return new(stored, mode!.Value, offset, firstLba, false);
        }

        bool isScrambled = false;
        (long? address, int? found) = FromHeaders(source, length, offset, isScrambled: false);
        if (address is null)
        {
            (address, found) = FromHeaders(source, length, offset, isScrambled: true);
            isScrambled = address is not null;
        }

        if (stored.Subchannel == SubchannelLayout.Interleaved)
        {
            stored = stored with { Subchannel = SubchannelDetector.Find(source, offset + RawSector.Length, length) };
        }

        TrackMode kind = found switch { 2 => TrackMode.Mode2, 1 => TrackMode.Mode1, _ => mode ?? TrackMode.Mode1 };
        return new(stored, kind, offset, address ?? firstLba, isScrambled);
    }

    // Two headers that follow each other vouch for the address; the first mode that holds data is that of the track.
    private static (long? FirstLba, int? Mode) FromHeaders(
        BlockSource source, int length, long offset, bool isScrambled)
    {
        byte[] sector = new byte[16];
        long? firstLba = null;
        long? before = null;
        int? mode = null;
        for (int i = 0; i < ProbeSectors && offset + ((long)i * length) + RawSector.Length <= source.Length; i++)
        {
            source.Read(offset + ((long)i * length), sector);
            long? lba = AddressOf(sector, isScrambled);
            if (lba is { } address)
            {
                bool follows = before is { } last && address == last + 1;
                firstLba ??= follows ? address - i : null;
                // The scrambler leaves the low bits of the mode as they are.
                mode ??= RawSector.ModeOf(sector) is var value and > 0 ? value : null;
            }

            before = lba;
        }

        // A lone sector has nothing to be compared with.
        bool isLone = offset + (2L * length) > source.Length;
        return (firstLba ?? (isLone ? before : null), mode);
    }

    private static bool IsSignature(ReadOnlySpan<byte> head, int length, int data)
    {
        int offset = (DescriptorSector * length) + data;
        return offset + 16 <= head.Length && IsDescriptor(head.Slice(offset, 16));
    }

    // ISO 9660 and UDF have their names at byte 1 of a descriptor, High Sierra at byte 9.
    private static bool IsDescriptor(ReadOnlySpan<byte> descriptor) =>
        descriptor[1..6].SequenceEqual("CD001"u8) || descriptor[1..6].SequenceEqual("BEA01"u8)
        || (descriptor[9..14]
            .SequenceEqual("CDROM"u8) && BinaryPrimitives.ReadInt32LittleEndian(descriptor) == DescriptorSector);
}
