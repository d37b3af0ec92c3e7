namespace Imaged.TestKit.Builders;

/// <summary>Writes images of DiscJuggler field by field.</summary>
/// <param name="version">2, 3 or 4.</param>
public sealed class CdiImage(int version)
{
    private static readonly byte[] Mark = [0, 0, 1, 0, 0, 0, 255, 255, 255, 255];

    private readonly ByteWriter _sectors = new();
    private readonly List<List<Track>> _sessions = [];

    /// <summary>Begins a session.</summary>
    public CdiImage Session()
    {
        _sessions.Add([]);
        return this;
    }

    /// <summary>Adds a track to the last session.</summary>
    public CdiImage Add(Track track)
    {
        _sessions[^1].Add(track);
        _sectors.Bytes(track.Sectors);
        return this;
    }

    /// <summary>The image.</summary>
    public byte[] ToArray()
    {
        ByteWriter descriptor = new();
        descriptor.U16(_sessions.Count);
        for (int session = 0; session < _sessions.Count; session++)
        {
            descriptor.U16(_sessions[session].Count);
            for (int i = 0; i < _sessions[session].Count; i++)
            {
                WriteTrack(descriptor, _sessions[session][i], session, i);
            }

            descriptor.Zeros(version == 2 ? 12 : 13);
        }

        descriptor.U16(0);
        if (version == 4)
        {
            WriteHeader(descriptor, string.Empty);
            descriptor.U32(1000).U8(4).Text("DISC").Zeros(9).Text("1234567890123").U32(1).U32(0).Zeros(8);
        }

        ByteWriter all = new();
        all.Bytes(_sectors.ToArray()).Bytes(descriptor.ToArray());
        all.U32(version switch { 2 => 0x80000004, 3 => 0x80000005, _ => 0x80000006 });
        return all.U32(version == 4 ? descriptor.Length + 8 : _sectors.Length).ToArray();
    }

    private void WriteTrack(ByteWriter to, Track track, int session, int index)
    {
        long count = track.Sectors.Length / track.SectorSize;
        WriteHeader(to, "C:\\disc.iso");
        to.U16(track.Indexes.Length);
        foreach (int length in track.Indexes)
        {
            to.U32(length);
        }

        to.U32(0).Zeros(2).U32(track.Mode).U32(0).U32(session).U32(index).U32(track.Start).U32(count).Zeros(16)
            .U32(track.ReadMode).U32(track.Mode == 0 ? 0 : 4).U8(0).U32(count).U32(0).Text("USABC2600001").U32(1);
        if (version >= 3)
        {
            to.U8(0).U32(-1);
            if (version == 4)
            {
                to.U32(-1).Zeros(78);
            }
            else
            {
                to.U32(0);
            }
        }
    }

    private void WriteHeader(ByteWriter to, string name)
    {
        to.U32(0).Bytes(Mark).Bytes(Mark).U32(0x01000000).U8(name.Length).Text(name).Zeros(11).U32(2).U32(0);
        if (version == 4)
        {
            to.U32(0x80000000).U32(360000).U32(0x00980000);
        }
        else
        {
            to.U32(360000);
        }
    }

    /// <summary>A track with all its sectors, the pregap's first.</summary>
    public sealed record Track(int Mode, int ReadMode, int Start, int[] Indexes, byte[] Sectors)
    {
        public int SectorSize => ((int[])[2048, 2336, 2352, 2368, 2448])[ReadMode];
    }
}
