using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Cif;

/// <summary>The two chunks that matter: <c>disc</c> with the tracks of all sessions, and <c>ofs </c> with the place of
/// each track's data.</summary>
internal sealed class CifTable
{
    private const string Format = CifFormat.Id;
    private const int ChunkHeader = 12;
    private const int MaxChunks = 10_000;
    private const int MaxTableLength = 4 << 20;
    private const int PieceLength = 22;
    private const int TableHeader = 8;
    private const int IsrcOffset = 24 + 205;

    private CifTable()
    {
    }

    /// <summary>The tracks of all sessions in their order.</summary>
    public List<CifTrack> Tracks { get; } = [];

    /// <summary>Where the data of the tracks are, in the same order.</summary>
    public List<CifPiece> Pieces { get; } = [];

    /// <summary>Reads both chunks.</summary>
    public static CifTable Read(BlockSource content)
    {
        CifTable table = new();
        Span<byte> header = stackalloc byte[ChunkHeader];
        long at = 0;
        for (int i = 0; i < MaxChunks && at <= content.Length - ChunkHeader; i++)
        {
            content.Read(at, header);
            long length = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            if (!header[..4].SequenceEqual("RIFF"u8) || length < 4 || length > content.Length - at - 8)
            {
                ImageFormatException.Throw(
                    Format, at, $"a chunk of {length} bytes is no chunk, or lies behind the end of the file");
            }

            // The length counts the type, too.
            ReadOnlySpan<byte> type = header[8..];
            bool isDisc = type.SequenceEqual("disc"u8);
            if (isDisc || type.SequenceEqual("ofs "u8))
            {
                if (length > MaxTableLength)
                {
                    ImageFormatException.Throw(Format, at, $"a table has {length} bytes, more than {MaxTableLength}");
                }

                DescriptorReader reader = new(
                    Format, content.ReadBytes(at + ChunkHeader, (int)length - 4), at + ChunkHeader);
                if (isDisc)
                {
                    table.ReadDisc(reader);
                }
                else
                {
                    table.ReadPieces(reader);
                }
            }

            at += 8 + length + (length & 1);
        }

        if (table.Tracks.Count == 0 || table.Pieces.Count < table.Tracks.Count)
        {
            ImageFormatException.Throw(
                Format, 0, $"the disc has {table.Tracks.Count} tracks, the table of their places {table.Pieces.Count}");
        }

        return table;
    }

    private void ReadPieces(DescriptorReader reader)
    {
        reader.Skip(TableHeader);
        int count = reader.UInt16();
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = reader.Take(PieceLength);

            // The offset is that of the type, which the length counts.
            long length = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
            long offset = BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]);
            Pieces.Add(new(offset + 4, Math.Max(0, length - 4)));
        }
    }

    private void ReadDisc(DescriptorReader reader)
    {
        reader.Skip(TableHeader);
        ReadOnlySpan<byte> disc = Entry(ref reader, 6);
        int sessions = BinaryPrimitives.ReadUInt16LittleEndian(disc[2..]);
        if (sessions is 0 or > Disc.MaxSessions)
        {
            ImageFormatException.Throw(
                Format, reader.FileOffset, $"there are {sessions} sessions, not 1 to {Disc.MaxSessions}");
        }

        for (int session = 1; session <= sessions; session++)
        {
            int tracks = BinaryPrimitives.ReadUInt16LittleEndian(Entry(ref reader, 4)[2..]);
            for (int track = 0; track < tracks; track++)
            {
                if (Tracks.Count == Disc.MaxTracks)
                {
                    ImageFormatException.Throw(
                        Format, reader.FileOffset, $"there are more than {Disc.MaxTracks} tracks");
                }

                ReadTrack(ref reader, session);
            }
        }
    }

    private void ReadTrack(ref DescriptorReader reader, int session)
    {
        long offset = reader.FileOffset;
        ReadOnlySpan<byte> entry = Entry(ref reader, 12);
        long sectors = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
        int type = BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]);
        (TrackMode mode, SectorLayout layout) = type switch
        {
            0 => (TrackMode.Audio, SectorLayout.Raw2352),
            1 => (TrackMode.Mode1, SectorLayout.Data2048),
            2 => (TrackMode.Mode2, SectorLayout.Subheader2056),
            4 => (TrackMode.Mode2, SectorLayout.Subheader2332),
            _ => throw new UnsupportedFeatureException(Format, $"a track of type {type}"),
        };
        Tracks.Add(new(session, mode, new(layout, SubchannelLayout.None), sectors, offset)
        {
            Isrc = mode == TrackMode.Audio && entry.Length >= IsrcOffset + 12
                ? Encoding.Latin1.GetString(entry.Slice(IsrcOffset, 12))
                : string.Empty,
        });
    }

    // Each entry begins with its own length.
    private static ReadOnlySpan<byte> Entry(ref DescriptorReader reader, int min)
    {
        int length = reader.Rest.Length >= 2 ? BinaryPrimitives.ReadUInt16LittleEndian(reader.Rest) : 0;
        if (length < min)
        {
            ImageFormatException.Throw(
                Format, reader.FileOffset, $"an entry of the table has {length} bytes, fewer than {min}");
        }

        return reader.Take(length);
    }
}
