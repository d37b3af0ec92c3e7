using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Nrg;

/// <summary>The chunks at the end of the file. All numbers are big-endian; of a chunk of version 1 offsets have 32
/// bits, of version 2 they have 64.</summary>
internal sealed class NrgChunks
{
    private const string Format = NrgFormat.Id;
    private const int MaxLength = 16 << 20;
    private const int MaxSessions = Disc.MaxSessions;
    private const int MaxTracks = Disc.MaxTracks;
    private const int MaxCues = 10_000;
    private const int ChunkHeader = 8;
    private const int CueLength = 8;
    private const int DaoHeader = 22;
    private const int TextPackLength = 18;

    private readonly long _origin;
    private NrgSession _session = new();

    private NrgChunks(long origin) => _origin = origin;

    /// <summary>The sessions in their order.</summary>
    public List<NrgSession> Sessions { get; } = [];

    /// <summary>Flags of the kind of medium; 0 when there are none.</summary>
    public uint MediumFlags { get; private set; }

    /// <summary>CD-Text packs.</summary>
    public ImmutableArray<byte> TextPacks { get; private set; } = [];

    /// <summary>Harmless oddities.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Reads all chunks.</summary>
    /// <exception cref="ImageFormatException">A chunk is wrong.</exception>
    public static NrgChunks Read(BlockSource content, NrgFooter footer)
    {
        long length = footer.Offset - footer.ChunksOffset;
        if (length > MaxLength)
        {
            ImageFormatException.Throw(
                Format, footer.ChunksOffset, $"the chunks have {length} bytes, more than {MaxLength}");
        }

        NrgChunks chunks = new(footer.ChunksOffset);
        chunks.Walk(content.ReadBytes(footer.ChunksOffset, (int)length));
        chunks.EndSession();
        return chunks;
    }

    private void Walk(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at <= bytes.Length - ChunkHeader)
        {
            ReadOnlySpan<byte> name = bytes.Slice(at, 4);
            long length = BinaryPrimitives.ReadUInt32BigEndian(bytes[(at + 4)..]);
            if (name.SequenceEqual("END!"u8))
            {
                return;
            }

            if (!NrgFooter.IsChunkName(name) || length > bytes.Length - at - ChunkHeader)
            {
                ImageFormatException.Throw(
                    Format, _origin + at, $"a chunk of {length} bytes runs past the footer, or its name is no name");
            }

            Take(name, bytes.Slice(at + ChunkHeader, (int)length), _origin + at + ChunkHeader);
            at += ChunkHeader + (int)length;
        }

        Warnings.Add("the chunks do not end with END!");
    }

    private void Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> payload, long offset)
    {
        switch (Encoding.ASCII.GetString(name))
        {
            case "CUES":
                TakeCues(payload, isMsf: true, offset);
                break;
            case "CUEX":
                TakeCues(payload, isMsf: false, offset);
                break;
            case "DAOI":
                TakeDao(payload, 30, 4, offset);
                break;
            case "DAOX":
                TakeDao(payload, 42, 8, offset);
                break;
            case "TINF":
                TakeTao(payload, 12, 4, offset);
                break;
            case "ETNF":
                TakeTao(payload, 20, 4, offset);
                break;
            case "ETN2":
                TakeTao(payload, 32, 8, offset);
                break;
            case "SINF":
                if (payload.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(payload) is var count
                    && count != _session.Tracks.Count)
                {
                    Warnings.Add($"a session says that it has {count} tracks, its tables have {_session.Tracks.Count}");
                }

                EndSession();
                break;
            case "MTYP" when payload.Length >= 4:
                MediumFlags = BinaryPrimitives.ReadUInt32BigEndian(payload);
                break;
            case "CDTX":
                TextPacks = [.. payload[..(payload.Length - (payload.Length % TextPackLength))]];
                break;
            default:
                // DINF, TOCT, RELO, AFNM, VOLM and what newer versions may have: nothing that reading needs.
                break;
        }
    }

    private void EndSession()
    {
        if (_session.Tracks.Count > 0)
        {
            if (Sessions.Count == MaxSessions)
            {
                ImageFormatException.Throw(Format, _origin, $"there are more than {MaxSessions} sessions");
            }

            _session.ChooseCues();
            Sessions.Add(_session);
        }

        _session = new();
    }

    private void TakeCues(ReadOnlySpan<byte> payload, bool isMsf, long offset)
    {
        if (_session.Tracks.Count > 0)
        {
            EndSession();
        }

        int count = payload.Length / CueLength;
        if (payload.Length % CueLength != 0)
        {
            Warnings.Add($"a cue sheet has {payload.Length} bytes, no multiple of {CueLength}");
        }

        if (count + _session.Cues.Count > MaxCues)
        {
            ImageFormatException.Throw(Format, offset, $"a cue sheet has more than {MaxCues} entries");
        }

        bool isBinary = isMsf && HasBinaryTimes(payload[..(count * CueLength)]);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = payload.Slice(i * CueLength, CueLength);
            int track = entry[1] == NrgCue.LeadOut ? NrgCue.LeadOut : Msf.FromBcd(entry[1]);
            int index = Msf.FromBcd(entry[2]);
            if (track < 0 || index < 0)
            {
                ImageFormatException.Throw(
                    Format,
                    offset + (i * CueLength),
                    $"track {entry[1]:x2} index {entry[2]:x2} are not two digits each");
            }

            long lba = isMsf ? Time(entry[5..], isBinary) : BinaryPrimitives.ReadInt32BigEndian(entry[4..]);
            _session.Cues.Add(new(entry[0] >> 4, track, index, lba));
            if (isMsf && !isBinary)
            {
                _session.BinaryCues.Add(new(entry[0] >> 4, track, index, Time(entry[5..], isBinary: true)));
            }
        }
    }

    // Some versions write minutes, seconds and frames as two digits, others as numbers. A digit above 9 tells, and so
    // do 60 seconds or 75 frames and more when they are read as digits.
    private static bool HasBinaryTimes(ReadOnlySpan<byte> cues)
    {
        for (int i = 0; i < cues.Length; i += CueLength)
        {
            int minutes = Msf.FromBcd(cues[i + 5]);
            int seconds = Msf.FromBcd(cues[i + 6]);
            int frames = Msf.FromBcd(cues[i + 7]);
            if (minutes < 0 || seconds is < 0 or >= 60 || frames is < 0 or >= Msf.FramesPerSecond)
            {
                return true;
            }
        }

        return false;
    }

    private static long Time(ReadOnlySpan<byte> time, bool isBinary) => -Msf.Origin + (isBinary
        ? Msf.Frames(time[0], time[1], time[2])
        : Msf.Frames(Msf.FromBcd(time[0]), Msf.FromBcd(time[1]), Msf.FromBcd(time[2])));

    private void TakeDao(ReadOnlySpan<byte> payload, int length, int offsetLength, long offset)
    {
        if (_session.Tracks.Count > 0)
        {
            EndSession();
        }

        int count = CountEntries(payload.Length - DaoHeader, length, offset);
        _session.IsDiscAtOnce = true;
        _session.FirstTrack = payload[20];
        _session.CatalogNumber = Encoding.Latin1.GetString(payload.Slice(4, 13));
        if (payload[21] - payload[20] + 1 != count)
        {
            Warnings.Add($"a session says that it has tracks {payload[20]} to {payload[21]}, its table has {count}");
        }

        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = payload.Slice(DaoHeader + (i * length), length);
            _session.Tracks.Add(new(
                offset + DaoHeader + (i * length),
                entry[14],
                BinaryPrimitives.ReadUInt16BigEndian(entry[12..]),
                Number(entry[18..], offsetLength),
                Number(entry[(18 + offsetLength)..], offsetLength),
                Number(entry[(18 + (2 * offsetLength))..], offsetLength))
            {
                Isrc = Encoding.Latin1.GetString(entry[..12]),
            });
        }
    }

    private void TakeTao(ReadOnlySpan<byte> payload, int length, int offsetLength, long offset)
    {
        if (_session.Tracks.Count > 0)
        {
            EndSession();
        }

        int count = CountEntries(payload.Length, length, offset);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = payload.Slice(i * length, length);
            ulong begin = Number(entry, offsetLength);
            ulong bytes = Number(entry[offsetLength..], offsetLength);
            ReadOnlySpan<byte> rest = entry[(2 * offsetLength)..];
            if (begin > ulong.MaxValue - bytes)
            {
                ImageFormatException.Throw(Format, offset + (i * length), $"a track has {bytes} bytes at {begin}");
            }

            _session.Tracks.Add(new(offset + (i * length), rest[3], 0, begin, begin, begin + bytes)
            {
                Lba = rest.Length >= 8 ? BinaryPrimitives.ReadInt32BigEndian(rest[4..]) : null,
            });
        }
    }

    private static int CountEntries(int bytes, int length, long offset)
    {
        if (bytes <= 0 || bytes % length != 0 || bytes / length > MaxTracks)
        {
            ImageFormatException.Throw(
                Format, offset, $"a track table has {bytes} bytes, not 1 to {MaxTracks} entries of {length}");
        }

        return bytes / length;
    }

    private static ulong Number(ReadOnlySpan<byte> bytes, int length) => length == 4
        ? BinaryPrimitives.ReadUInt32BigEndian(bytes)
        : BinaryPrimitives.ReadUInt64BigEndian(bytes);
}
