using Imaged.TestKit.Builders;

namespace Imaged.Conformance.BlindWrite;

/// <summary>Writes descriptors of version 4.</summary>
internal sealed class B4Image(string dataFile, string subchannelFile)
{
    private readonly ByteWriter _tracks = new();
    private int _count;

    /// <summary>Adds a track.</summary>
    public B4Image Add(Track track)
    {
        Text(_tracks, string.Empty);
        _tracks.U32(track.Offset).U8(0).Zeros(3).U32(0).U8(
            0, track.Session, 0, 0x10 | track.Control, 0, 0, 0, track.Point)
            .U32(0).U32(0).U32(track.Adjustment).U32(0).U16(0).U32(track.End).U8(0)
            .U32(track.Pregap).U32(track.Start).Zeros(8);
        Text(_tracks, $"Title {track.Point}");
        Text(_tracks, "Performer");
        for (int i = 0; i < 12; i++)
        {
            Text(_tracks, i % 2 == 0 ? string.Empty : "more");
        }

        Text(_tracks, $"USABC260{track.Point:D4}");
        _count++;
        return this;
    }

    /// <summary>The descriptor.</summary>
    public byte[] ToArray()
    {
        ByteWriter writer = new();
        writer.Text("BLINDWRITE TOC FILE").U32(2).U64(4711);
        Text(writer, "VOLUME");
        Text(writer, "SYSTEM");
        Text(writer, string.Empty);
        writer.U32(_count);
        Text(writer, dataFile);
        Text(writer, subchannelFile);
        return writer.U32(0).U8(3).Zeros(3).Bytes(_tracks.ToArray()).ToArray();
    }

    private static void Text(ByteWriter to, string text) => to.U32(text.Length + 1).Text(text).U8(0);

    /// <summary>A track.</summary>
    internal sealed record Track(
        int Point, int Session, int Control, long Offset, int Adjustment, int Pregap, int Start, int End);
}
