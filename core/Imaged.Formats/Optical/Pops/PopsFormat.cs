using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Pops;

/// <summary>Images of PlayStation discs for POPS: a table of contents in 1 MiB, then whole sectors.</summary>
internal sealed class PopsFormat : IImageFormat
{
    /// <summary>Id of the format.</summary>
    public const string Id = "pops";

    private const int HeaderLength = 1 << 20;
    private const int EntryLength = 10;
    private const int FirstEntry = 30;
    private const int TableLength = 1024;
    private const int MinSectors = 17;
    private const int SectorLength = SectorLayouts.RawLength;
    private const int Data = 0x41;
    private const int Audio = 0x01;

    public static FormatInfo Info { get; } = new(Id, "PlayStation disc image for POPS", [".vcd"], FormatCaps.Read);

    public static Match Probe(ProbeWindow window) =>
        window.Length >= HeaderLength + (MinSectors * SectorLength) && window.Head.Length > 4096
        && window.Head[0] is Data or Audio && window.Head[2] == 0xa0 && window.Head[12] == 0xa1 && window.Head[
            22] == 0xa2
        && !window.Head[2048..4096].ContainsAnyExcept((byte)0)
            ? Match.Strong
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource content = opener.Content;
        if (Probe(ProbeWindow.Read(content, opener.FileName)) == Match.No)
        {
            ImageFormatException.Throw(Id, 0, "the file does not begin with the table of a PlayStation disc");
        }

        byte[] table = content.ReadBytes(0, TableLength + 16);
        long stored = (content.Length - HeaderLength) / SectorLength;
        int count = Msf.FromBcd(table[17]);
        if (count is < 1 or > Disc.MaxTracks)
        {
            ImageFormatException.Throw(Id, 17, $"there are {table[17]:x2} tracks, not 1 to {Disc.MaxTracks}");
        }

        List<string> warnings = [];
        long leadOut = TimeAt(table, 27);
        if (leadOut > stored && leadOut - stored != Msf.Origin)
        {
            warnings.Add($"the lead-out is at sector {leadOut}, but only {stored} are stored");
        }

        uint sectors = BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(1032));
        if (sectors != stored)
        {
            warnings.Add($"the header says that there are {sectors} sectors, but {stored} are stored");
        }

        DiscBuilder builder = new(Id, DiscMedium.Cd);
        for (int i = 0; i < count; i++)
        {
            Add(builder, content, table, i, i + 1 < count ? null : Math.Min(stored, leadOut));
        }

        return DiscImage.Create(Info, builder.Build(), warnings);
    }

    // The sectors of all tracks stand one behind the other from sector 0 on, pregaps in.
    private static void Add(DiscBuilder builder, BlockSource content, byte[] table, int index, long? leadOut)
    {
        int at = FirstEntry + (index * EntryLength);
        long start = TimeAt(table, at + 7);
        long begin = index == 0
            ? 0
            : Math.Clamp(TimeAt(table, at + 3), builder.EndLba, Math.Max(start, builder.EndLba));
        long end = leadOut ?? TimeAt(table, at + EntryLength + 3);
        if (table[at] is not (Data or Audio) || Msf.FromBcd(table[at + 2]) != index + 1
            || end <= start || start < begin)
        {
            ImageFormatException.Throw(
                Id,
                at,
                $"entry {index + 1} of the table has type {table[at]:x2} and sectors {begin}, {start} to {end}");
        }

        builder.Add(
            new DiscTrack(index + 1, 1, table[at] == Audio ? TrackMode.Audio : TrackMode.Mode2)
            {
                StartLba = start,
                Control = table[at] >> 4,
            },
            [
                SectorRun.Stored(
                    begin, end - begin, content, HeaderLength + (begin * SectorLength), SectorLayout.Raw2352),
            ],
            at);
    }

    private static long TimeAt(byte[] table, int offset)
    {
        if (!Msf.TryReadHeader(table.AsSpan(offset), out long lba))
        {
            ImageFormatException.Throw(Id, offset, "a time is no minutes, seconds and frames in decimal digits");
        }

        return lba;
    }
}
