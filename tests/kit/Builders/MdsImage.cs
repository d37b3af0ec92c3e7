namespace Imaged.TestKit.Builders;

/// <summary>Writes descriptors of version 1.</summary>
/// <param name="medium">0 for a CD-ROM, 0x10 for a DVD-ROM.</param>
public sealed class MdsImage(int medium = 0)
{
    private const int Header = 88;

    private readonly List<List<Track>> _sessions = [];

    /// <summary>File names; none for a descriptor without footers.</summary>
    public string[] Names { get; init; } = ["*.mdf"];

    /// <summary>Whether names are UTF-16.</summary>
    public bool IsWide { get; init; }

    /// <summary>Begins a session.</summary>
    public MdsImage Session()
    {
        _sessions.Add([]);
        return this;
    }

    /// <summary>Adds a track to the last session.</summary>
    public MdsImage Add(Track track)
    {
        _sessions[^1].Add(track);
        return this;
    }

    /// <summary>The descriptor.</summary>
    public byte[] ToArray()
    {
        int blocks = Header + (_sessions.Count * 24);
        int count = _sessions.Sum(session => session.Count + 3);
        int extras = blocks + (count * 80);
        int footers = extras + (count * 8);
        int names = footers + (Names.Length * 16);
        ByteWriter writer = new();
        writer.Text("MEDIA DESCRIPTOR").U8(1, 5).U16(medium).U16(_sessions.Count).U16(2).PadTo(80).U32(Header).U32(0);
        int block = 0;
        int number = 1;
        foreach (List<Track> session in _sessions)
        {
            Track last = session[^1];
            writer.U32(session[0].Start - 150).U32(last.Start + last.Count).U16(number++).U8(session.Count + 3, 3)
                .U16(session[0].Number).U16(last.Number).U32(0).U32(blocks + (block * 80));
            block += session.Count + 3;
        }

        ByteWriter extra = new();
        foreach (List<Track> session in _sessions)
        {
            foreach (int point in (int[])[0xa0, 0xa1, 0xa2])
            {
                writer.U8(0, 0, 0x14, 0, point).Zeros(75);
                extra.Zeros(8);
            }

            foreach (Track track in session)
            {
                int at = writer.Length;
                writer.U8(track.Mode, track.Subchannel, 0x10 | track.Control, 0, track.Number).Zeros(7);
                writer.U32(medium == 0 ? extras + extra.Length : track.Count);
                writer.U16(track.SectorSize).PadTo(at + 36).U32(track.Start).U64(track.Offset).U32(Names.Length)
                    .U32(Names.Length == 0 ? 0 : footers).PadTo(at + 80);
                extra.U32(track.Pregap).U32(track.Count);
            }
        }

        writer.Bytes(extra.ToArray());
        ByteWriter texts = new();
        foreach (string name in Names)
        {
            writer.U32(names + texts.Length).U32(IsWide ? 1 : 0).Zeros(8);
            texts.Bytes((IsWide ? System.Text.Encoding.Unicode : System.Text.Encoding.ASCII).GetBytes(name + '\0'));
        }

        return writer.Bytes(texts.ToArray()).ToArray();
    }

    /// <summary>A track.</summary>
    public sealed record Track(int Number, int Mode, int SectorSize, int Start, int Count, long Offset)
    {
        public int Pregap { get; init; }

        public int Control { get; init; }

        public int Subchannel { get; init; }
    }
}
