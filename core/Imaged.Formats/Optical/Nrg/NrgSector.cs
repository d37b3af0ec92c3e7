using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Nrg;

/// <summary>What the mode code of a track, its sector size and its bytes say of its sectors.</summary>
/// <param name="Mode">Kind of the track.</param>
/// <param name="Stored">How its sectors are stored.</param>
internal readonly record struct NrgSector(TrackMode Mode, StoredSector Stored)
{
    private const int SniffedSectors = 32;

    // What follows when the size that goes with the code does not fit.
    private static readonly int[] Sizes = [2048, 2336, 2352, 2448];

    /// <summary>The sectors of a track.</summary>
    /// <param name="content">The image up to its chunks.</param>
    /// <param name="track">The track; its bytes are inside of it.</param>
    /// <exception cref="UnsupportedFeatureException">The sector size is not known.</exception>
    /// <exception cref="ImageFormatException">No sector size divides the track.</exception>
    public static NrgSector Of(BlockSource content, NrgTrack track)
    {
        // The size in the table wins over the code: MagicISO writes the codes of cooked sectors with 2352 bytes.
        int size = track.SectorSize > 0 ? track.SectorSize : GuessSize(content, track);
        if (StoredSector.OfLength(size) is not { } stored)
        {
            throw new UnsupportedFeatureException(NrgFormat.Id, $"a sector size of {size} bytes");
        }

        return new(ModeOf(content, track, stored), stored);
    }

    private static TrackMode ModeOf(BlockSource content, NrgTrack track, StoredSector stored)
    {
        bool isWhole = stored.Layout == SectorLayout.Raw2352;
        return track.Mode switch
        {
            0x07 or 0x08 or 0x10 when isWhole => TrackMode.Audio,
            0x00 or 0x05 or 0x0f when isWhole || stored.Layout == SectorLayout.Data2048 => TrackMode.Mode1,
            0x02 or 0x03 or 0x06 or 0x11 or 0x20 => TrackMode.Mode2,
            _ when isWhole => Sniff(content, track, stored.Length),
            _ => stored.Layout == SectorLayout.Data2048 ? TrackMode.Mode1 : TrackMode.Mode2,
        };
    }

    // Tables of tracks written one at a time have no sector size. The code tells it mostly; where the bytes say
    // otherwise they win.
    private static int GuessSize(BlockSource content, NrgTrack track)
    {
        int expected = track.Mode switch
        {
            0x00 or 0x02 => 2048,
            0x03 or 0x20 => 2336,
            0x0f or 0x10 or 0x11 => 2448,
            _ => SectorLayouts.RawLength,
        };
        bool isAudio = track.Mode is 0x07 or 0x08 or 0x10;
        ulong length = track.End - track.Index1;
        int fallback = 0;
        foreach (int size in Sizes.Prepend(expected))
        {
            if (length % (ulong)size != 0)
            {
                continue;
            }

            if (isAudio == (size >= SectorLayouts.RawLength)
                && (isAudio || HasSync(content, track, size) == (size >= SectorLayouts.RawLength)))
            {
                return size;
            }

            fallback = fallback == 0 ? size : fallback;
        }

        if (fallback == 0)
        {
            ImageFormatException.Throw(
                NrgFormat.Id, track.EntryOffset, $"a track of mode {track.Mode} has {length} bytes: no whole sectors");
        }

        return fallback;
    }

    private static TrackMode Sniff(BlockSource content, NrgTrack track, int size)
    {
        Span<byte> head = stackalloc byte[16];
        for (int i = 0; i < SniffedSectors; i++)
        {
            if (TryReadSector(content, track, size, i, head) && RawSector.HasSync(head))
            {
                return RawSector.ModeOf(head) == 2 ? TrackMode.Mode2 : TrackMode.Mode1;
            }
        }

        return TrackMode.Audio;
    }

    // Of a data track that is stored whole, one of the first sectors that are not empty has the pattern; and if one has
    // it by chance that is not stored whole, the next one has not.
    private static bool HasSync(BlockSource content, NrgTrack track, int size)
    {
        Span<byte> head = stackalloc byte[16];
        for (int i = 0; i < SniffedSectors; i++)
        {
            if (TryReadSector(content, track, size, i, head) && head.ContainsAnyExcept((byte)0))
            {
                return RawSector.HasSync(head);
            }
        }

        return false;
    }

    private static bool TryReadSector(BlockSource content, NrgTrack track, int size, int index, Span<byte> head)
    {
        ulong at = track.Index1 + ((ulong)index * (ulong)size);
        if (at > track.End || track.End - at < (ulong)head.Length)
        {
            return false;
        }

        content.Read((long)at, head);
        return true;
    }
}
