using System.Text;

namespace Imaged.TestKit.Builders;

/// <summary>Writes descriptors of version 5.</summary>
/// <param name="profile">Profile of the medium: 8 for a CD-ROM, 0x10 for a DVD-ROM.</param>
public sealed class B5Image(int profile = 8)
{
    private readonly ByteWriter _blocks = new();
    private readonly List<List<Track>> _sessions = [];
    private int _count;

    /// <summary>Adds a run of sectors.</summary>
    public B5Image Block(string name, long offset, int sectorSize, int lba, int count)
    {
        byte[] text = Encoding.Unicode.GetBytes(name);
        _blocks.U32(0).U32((long)sectorSize * count).Zeros(16).U32(offset).Zeros(12).U32(lba).U32(count).U32(
            text.Length)
            .Bytes(text).U32(0);
        _count++;
        return this;
    }

    /// <summary>Begins a session.</summary>
    public B5Image Session()
    {
        _sessions.Add([]);
        return this;
    }

    /// <summary>Adds a track to the last session.</summary>
    public B5Image Add(Track track)
    {
        _sessions[^1].Add(track);
        return this;
    }

    /// <summary>The descriptor.</summary>
    /// <param name="text">CD-Text packs.</param>
    public byte[] ToArray(byte[]? text = null)
    {
        text ??= [];
        byte[] path = Encoding.Unicode.GetBytes("\\\\.\\E:");
        byte[] blocks = new ByteWriter().U32(_count).U32(path.Length).Bytes(path).Bytes(_blocks.ToArray()).ToArray();
        byte[] sessions = Sessions();
        ByteWriter writer = new();
        writer.Text("BWT5 STREAM SIGN").U32(2).U32(2).U32(6).Zeros(20).U16(profile).U16(_sessions.Count).U32(2).Zeros(8)
            .U8(1).Text("1234567890123").Zeros(18).U16(6).U16(4).U16(text.Length).U16(34).U32(0).Zeros(12).U32(8).U32(
                20)
            .Zeros(32).Text("VENDOR", 8).Text("PRODUCT", 16).Text("1.00").Zeros(20).Text("VOLUME", 32)
            .U32(28).U32(4).U32(blocks.Length).U32(sessions.Length).U32(0).PadTo(260)
            .Zeros(28).Zeros(4).Zeros(6).Zeros(4).Bytes(text).Zeros(8).Zeros(profile == 8 ? 34 : 20)
            .Bytes(blocks).Bytes(sessions);
        return writer.U32(writer.Length + 20).Text("BWT5 STREAM FOOT").ToArray();
    }

    private byte[] Sessions()
    {
        ByteWriter writer = new();
        int number = 1;
        foreach (List<Track> session in _sessions)
        {
            writer.U16(number).U8(session.Count + 1, 3).U32(session[0].Lba).U32(session[^1].Lba + session[^1].Count)
                .U16(session[0].Number).U16(session[^1].Number);
            writer.U8(0).Zeros(11).U8(0xa2).Zeros(51);
            foreach (Track track in session)
            {
                bool isDvd = track.Type == 6;
                writer.U8(track.Type, 1, 1, 1).U32(1).U8(0, 0, track.Control, 1, track.Number).Zeros(9).U32(
                    track.Pregap)
                    .Zeros(16).U32(track.Lba).U32(track.Count).Zeros(8).U32(number).U16(0).Zeros(isDvd ? 0 : 8);
            }

            number++;
        }

        return writer.ToArray();
    }

    /// <summary>A track: first sector and number of sectors are those with the pregap.</summary>
    public sealed record Track(int Number, int Type, int Lba, int Count, int Pregap, int Control);
}
