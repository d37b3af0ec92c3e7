using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Nrg;

/// <summary>Writes a disc as Nero does, version 2: sectors of 2352 bytes with all pregaps, then the tables of each
/// session.</summary>
internal static class NrgWriter
{
    private const byte RawMode1 = 0x05;
    private const byte RawMode2 = 0x06;
    private const byte Sound = 0x07;
    private const int HeaderLength = 22;
    private const int TrackLength = 42;
    private const int CueLength = 8;
    private const byte LeadOut = 0xAA;

    /// <summary>The file.</summary>
    public static ImmutableArray<WriterFile> Plan(WriterInput input, string stem)
    {
        Disc disc = input.RequireDisc("nrg");
        List<BlockSource> parts = [];
        List<(DiscTrack Track, long Index0, long Index1, long End)> places = [];
        long offset = 0;
        foreach (DiscTrack track in disc.Tracks)
        {
            // The two seconds before a first track are in the file, also when the image does not have them.
            long pregap = PregapOf(disc, track);
            if (pregap < track.PregapLba)
            {
                SectorRun missing = SectorRun.Empty(pregap, track.PregapLba - pregap);
                parts.Add(new RawTrackSource(track.Mode, [missing]));
            }

            parts.Add(new RawTrackSource(track.Mode, track.Runs));
            long index1 = offset + ((track.StartLba - pregap) * RawSector.Length);
            long end = offset + ((track.EndLba - pregap) * RawSector.Length);
            places.Add((track, offset, index1, end));
            offset = end;
        }

        parts.Add(new MemorySource(Tables(disc, places, offset)));
        return [new(".nrg", new ConcatSource(parts, ownsParts: true))];
    }

    private static long PregapOf(Disc disc, DiscTrack track) =>
        disc.Sessions.Any(session => session.Tracks[0] == track)
            ? Math.Min(track.PregapLba, track.StartLba - DiscBuilder.FirstPregap)
            : track.PregapLba;

    private static byte[] Tables(
        Disc disc, List<(DiscTrack Track, long Index0, long Index1, long End)> places, long tables)
    {
        MemoryStream stream = new();
        foreach (DiscSession session in disc.Sessions)
        {
            List<(DiscTrack Track, long Index0, long Index1, long End)> own =
                [.. places.Where(place => place.Track.Session == session.Number)];
            Chunk(stream, "CUEX"u8, Cue(disc, session, own));
            Chunk(stream, "DAOX"u8, Dao(disc, own));
            Chunk(stream, "SINF"u8, Number(session.Tracks.Length));
        }

        if (!disc.TextPacks.IsEmpty)
        {
            Chunk(stream, "CDTX"u8, disc.TextPacks.AsSpan());
        }

        Chunk(stream, "MTYP"u8, Number(disc.Medium == DiscMedium.Dvd ? 0x200 : 1));
        Chunk(stream, "END!"u8, []);
        stream.Write("NER5"u8);
        Span<byte> first = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(first, tables);
        stream.Write(first);
        return stream.ToArray();
    }

    private static byte[] Cue(
        Disc disc, DiscSession session, List<(DiscTrack Track, long Index0, long Index1, long End)> places)
    {
        List<byte> cue = [];
        Entry(cue, places[0].Track, 0, 0, PregapOf(disc, places[0].Track));
        foreach ((DiscTrack track, _, _, _) in places)
        {
            Entry(cue, track, Msf.ToBcd(track.Number), 0, PregapOf(disc, track));
            Entry(cue, track, Msf.ToBcd(track.Number), 1, track.StartLba);
            for (int i = 0; i < track.FurtherIndexes.Length && i < 98; i++)
            {
                Entry(cue, track, Msf.ToBcd(track.Number), Msf.ToBcd(i + 2), track.FurtherIndexes[i]);
            }
        }

        Entry(cue, places[^1].Track, LeadOut, 1, session.LeadOutLba);
        return [.. cue];
    }

    private static void Entry(List<byte> cue, DiscTrack track, byte number, byte index, long lba)
    {
        Span<byte> entry = stackalloc byte[CueLength];
        entry[0] = (byte)((track.Control << 4) | 1);
        entry[1] = number;
        entry[2] = index;
        BinaryPrimitives.WriteInt32BigEndian(entry[4..], (int)lba);
        cue.AddRange(entry);
    }

    private static byte[] Dao(Disc disc, List<(DiscTrack Track, long Index0, long Index1, long End)> places)
    {
        byte[] dao = new byte[HeaderLength + (places.Count * TrackLength)];
        BinaryPrimitives.WriteInt32LittleEndian(dao, dao.Length);
        if (disc.CatalogNumber is { } catalog)
        {
            Encoding.ASCII.GetBytes(catalog, dao.AsSpan(4, 13));
        }

        dao[18] = (byte)(disc.Tracks.Any(track => track.Mode == TrackMode.Mode2) ? 0x20 : 0);
        dao[20] = (byte)places[0].Track.Number;
        dao[21] = (byte)places[^1].Track.Number;
        for (int i = 0; i < places.Count; i++)
        {
            (DiscTrack track, long index0, long index1, long end) = places[i];
            Span<byte> entry = dao.AsSpan(HeaderLength + (i * TrackLength), TrackLength);
            if (track.Isrc is { } isrc)
            {
                Encoding.ASCII.GetBytes(isrc, entry[..12]);
            }

            BinaryPrimitives.WriteInt16BigEndian(entry[12..], RawSector.Length);
            entry[14] = track.Mode switch
            {
                TrackMode.Audio => Sound,
                TrackMode.Mode1 => RawMode1,
                _ => RawMode2,
            };
            entry[17] = 1;
            BinaryPrimitives.WriteInt64BigEndian(entry[18..], index0);
            BinaryPrimitives.WriteInt64BigEndian(entry[26..], index1);
            BinaryPrimitives.WriteInt64BigEndian(entry[34..], end);
        }

        return dao;
    }

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static void Chunk(MemoryStream stream, ReadOnlySpan<byte> id, ReadOnlySpan<byte> payload)
    {
        stream.Write(id);
        stream.Write(Number(payload.Length));
        stream.Write(payload);
    }
}
