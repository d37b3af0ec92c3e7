namespace Imaged.TestKit.Builders;

/// <summary>Writes images of Easy CD Creator chunk by chunk.</summary>
public static class CifImage
{
    /// <summary>An image of the tracks of each session.</summary>
    public static byte[] Make(Track[][] sessions)
    {
        ByteWriter writer = new();
        writer.Text("RIFF").U32(4).Text("imag");
        ByteWriter places = new();
        ByteWriter disc = new();
        Track[] all = [.. sessions.SelectMany(session => session)];
        places.Zeros(8).U16(all.Length);
        disc.Zeros(8).U16(16).U16(sessions.Length).U16(all.Length).U16(0).U16(16).U16(0).U16(2).U16(0);
        foreach (Track[] session in sessions)
        {
            disc.U16(18).U16(session.Length).Zeros(6).U16(1).Zeros(6);
            foreach (Track track in session)
            {
                string type = track.Type == 0 ? "adio" : "info";
                places.Text("RIFF").U32(track.Data.Length + 4).Text(type).U32(writer.Length + 8).Zeros(6);
                writer.Text("RIFF").U32(track.Data.Length + 4).Text(type).Bytes(track.Data).Zeros(
                    track.Data.Length & 1);
                int length = track.Type == 0 ? 24 + 205 + 12 : 24;
                ByteWriter entry = new();
                entry.U16(length).U16(0).U32((track.Data.Length / track.Size) + track.Missing).U16(0).U16(track.Type)
                    .Zeros(6).U16(4).U16(0).U16(track.Size);
                disc.Bytes((track.Type == 0 ? entry.Zeros(205).Text("USABC2600001") : entry).ToArray());
            }
        }

        writer.Text("RIFF").U32(disc.Length + 4).Text("disc").Bytes(disc.ToArray()).Zeros(disc.Length & 1);
        return writer.Text("RIFF").U32(places.Length + 4).Text("ofs ").Bytes(places.ToArray()).Zeros(
            places.Length & 1).ToArray();
    }

    /// <summary>A track: 0 for sound, 1, 2 and 4 for kinds of data.</summary>
    public sealed record Track(int Type, int Size, byte[] Data)
    {
        public int Missing { get; init; }
    }
}
