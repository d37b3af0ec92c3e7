using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical;

/// <summary>The bytes in which a file system of a disc is looked for: 2048 of each sector. Nothing here owns what
/// stores the sectors.</summary>
public static class DiscVolume
{
    /// <summary>Format id in errors about sectors.</summary>
    internal const string Format = "disc";

    private const int DataLength = SectorLayouts.DataLength;

    // Volume descriptors begin there in every session (ECMA-119 section 6.2.1), and the anchor of UDF stands here
    // (ECMA-167 3/8.4.2.1).
    private const int DescriptorSector = 16;
    private const int MaxDescriptors = 64;
    private const int AnchorSector = 256;

    /// <summary>The track that is meant when none is named: of the last session that has a file system the first track
    /// with one, else the first data track.</summary>
    /// <param name="disc">The disc.</param>
    /// <param name="session">The session to look in; null for all.</param>
    /// <returns>Null when there is no data track.</returns>
    public static DiscTrack? ChooseTrack(Disc disc, int? session = null)
    {
        DiscTrack[] tracks =
            [.. disc.Tracks.Where(track => track.IsData && (session is null || track.Session == session))];
        return tracks.GroupBy(track => track.Session)
            .Reverse()
            .Select(group => group.FirstOrDefault(HasDescriptors))
            .FirstOrDefault(track => track is not null) ?? tracks.FirstOrDefault();
    }

    /// <summary>The volume of a data track. File systems of later sessions, and of tracks behind sound, count sectors
    /// from the beginning of the disc: then the volume does so, too, with zeros in place of sound and gaps, and with
    /// the descriptors of the session repeated where those of a volume are looked for.</summary>
    /// <param name="disc">The disc.</param>
    /// <param name="track">A data track of it.</param>
    public static BlockSource Open(Disc disc, DiscTrack track)
    {
        BlockSource alone = OpenTrack(track);
        return track.StartLba <= 0 || !CountsFromDisc(disc, track, alone) ? alone : OpenWhole(disc, track, alone);
    }

    /// <summary>The user data of a track alone, from index 1 to its end.</summary>
    /// <param name="track">A data track.</param>
    public static BlockSource OpenTrack(DiscTrack track)
    {
        List<BlockSource> parts = [];
        AddTrack(parts, track, track.StartLba, track.EndLba);
        return parts.Count == 1 ? parts[0] : new ConcatSource(parts, ownsParts: true);
    }

    // Everything from sector 0 to the end of the track, the session's descriptors in front.
    private static ConcatSource OpenWhole(Disc disc, DiscTrack track, BlockSource alone)
    {
        List<BlockSource> parts = [];
        long lba = 0;
        foreach (DiscTrack other in disc.Tracks.Where(other => other.IsData && other.StartLba < track.EndLba))
        {
            if (other.EndLba <= lba)
            {
                continue;
            }

            long begin = Math.Max(other.StartLba, lba);
            AddZeros(parts, begin - lba);
            AddTrack(parts, other, begin, other.EndLba);
            lba = other.EndLba;
        }

        ConcatSource plain = new(parts, ownsParts: true);
        long descriptors = CountDescriptors(alone) * DataLength;
        long from = DescriptorSector * DataLength;
        long anchor = AnchorSector * DataLength;
        List<BlockSource> repeated =
        [
            new SliceSource(plain, 0, from),
            new SliceSource(alone, from, descriptors),
        ];
        long at = from + descriptors;
        if (plain.Length >= anchor + DataLength && alone.Length >= anchor + DataLength && IsAnchor(alone, anchor))
        {
            repeated.Add(new SliceSource(plain, at, anchor - at));
            repeated.Add(new SliceSource(alone, anchor, DataLength));
            at = anchor + DataLength;
        }

        repeated.Add(new SliceSource(plain, at, plain.Length - at));
        return new ConcatSource(repeated, ownsParts: true);
    }

    private static void AddZeros(List<BlockSource> parts, long sectors)
    {
        if (sectors > 0)
        {
            parts.Add(SectorDataSource.Create(SectorRun.Empty(0, sectors)));
        }
    }

    private static void AddTrack(List<BlockSource> parts, DiscTrack track, long begin, long end)
    {
        foreach (SectorRun run in track.Runs)
        {
            long first = Math.Max(begin, run.Lba);
            long last = Math.Min(end, run.EndLba);
            if (first >= last)
            {
                continue;
            }

            BlockSource source = SectorDataSource.Create(run);
            parts.Add(first == run.Lba && last == run.EndLba
                ? source
                : new SliceSource(source, (first - run.Lba) * DataLength, (last - first) * DataLength));
        }
    }

    private static bool HasDescriptors(DiscTrack track) => CountDescriptors(OpenTrack(track)) > 0;

    // Descriptors of ISO 9660 and of UDF's volume recognition sequence follow each other; both have a name of five
    // characters at byte 1.
    private static int CountDescriptors(BlockSource volume)
    {
        Span<byte> head = stackalloc byte[6];
        int count = 0;
        while (count < MaxDescriptors && (DescriptorSector + count + 1L) * DataLength <= volume.Length)
        {
            try
            {
                volume.Read((DescriptorSector + count) * DataLength, head);
            }
            catch (ImageFormatException)
            {
                break;
            }

            ReadOnlySpan<byte> name = head[1..];
            if (!name.SequenceEqual("CD001"u8) && !name.SequenceEqual("BEA01"u8) && !name.SequenceEqual("NSR02"u8)
                && !name.SequenceEqual("NSR03"u8) && !name.SequenceEqual("TEA01"u8) && !name.SequenceEqual("BOOT2"u8))
            {
                break;
            }

            count++;
        }

        return count;
    }

    private static bool IsAnchor(BlockSource volume, long offset)
    {
        Span<byte> tag = stackalloc byte[2];
        volume.Read(offset, tag);
        return tag[0] == 2 && tag[1] == 0;
    }

    // The root directory names its own first sector: it stands either there on the disc or there in the track.
    private static bool CountsFromDisc(Disc disc, DiscTrack track, BlockSource alone)
    {
        if (CountDescriptors(alone) == 0)
        {
            return false;
        }

        Span<byte> field = stackalloc byte[4];
        alone.Read((DescriptorSector * DataLength) + 158, field);
        long root = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(field);
        if (root == 0 || (alone.Length >= (root + 1) * DataLength && NamesItself(alone, root, root)))
        {
            return false;
        }

        return root >= track.StartLba && root < track.EndLba
            ? NamesItself(alone, root - track.StartLba, root)
            : disc.Tracks.Any(other => other.IsData && root >= other.StartLba && root < other.EndLba);
    }

    private static bool NamesItself(BlockSource volume, long sector, long root)
    {
        Span<byte> record = stackalloc byte[34];
        try
        {
            volume.Read(sector * DataLength, record);
        }
        catch (ImageFormatException)
        {
            return false;
        }

        return record[0] >= 34 && record[32] == 1 && record[33] == 0
            && System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(record[2..]) == root;
    }
}
