using Imaged.TestKit.Builders;

namespace Imaged.Conformance.Nrg;

/// <summary>Writes images chunk by chunk.</summary>
/// <param name="version">1 or 2.</param>
internal sealed class NrgImage(int version)
{
    private readonly ByteWriter _sectors = new(isBigEndian: true);
    private readonly ByteWriter _chunks = new(isBigEndian: true);

    /// <summary>Bytes of sectors so far: where the next ones will stand.</summary>
    public int Length => _sectors.Length;

    /// <summary>Adds sectors.</summary>
    public NrgImage Sectors(byte[] bytes)
    {
        _sectors.Bytes(bytes);
        return this;
    }

    /// <summary>Adds a chunk.</summary>
    public NrgImage Chunk(string name, byte[] payload)
    {
        _chunks.Text(name).U32(payload.Length).Bytes(payload);
        return this;
    }

    /// <summary>Adds a cue sheet: control with address, track, index, sector.</summary>
    public NrgImage Cues(params (int Control, int Track, int Index, int Lba)[] cues)
    {
        ByteWriter payload = new(isBigEndian: true);
        foreach ((int control, int track, int index, int lba) in cues)
        {
            payload.U8(control, track, index, 0);
            if (version == 2)
            {
                payload.U32(lba);
            }
            else
            {
                int frames = lba + 150;
                payload.U8(0, Bcd(frames / 4500), Bcd(frames / 75 % 60), Bcd(frames % 75));
            }
        }

        return Chunk(version == 2 ? "CUEX" : "CUES", payload.ToArray());
    }

    /// <summary>Adds the table of a session written disc at once: sector size, mode, offsets of index 0, index 1 and
    /// end.</summary>
    public NrgImage Dao(int first, params (int Size, int Mode, long Index0, long Index1, long End)[] tracks)
    {
        ByteWriter payload = new(isBigEndian: true);
        payload.U32(0).Text("1234567890123").U8(0, 0, 1, first, first + tracks.Length - 1);
        foreach ((int size, int mode, long index0, long index1, long end) in tracks)
        {
            payload.Text("USABC2600001").U16(size).U8(mode, 0, 0, 1);
            Offsets(payload, index0, index1, end);
        }

        return Chunk(version == 2 ? "DAOX" : "DAOI", payload.ToArray());
    }

    /// <summary>Adds the table of a session written track by track: mode, offset, length, sector.</summary>
    public NrgImage Tao(params (int Mode, long Offset, long Length, int Lba)[] tracks)
    {
        ByteWriter payload = new(isBigEndian: true);
        foreach ((int mode, long offset, long length, int lba) in tracks)
        {
            Offsets(payload, offset, length);
            payload.U32(mode).U32(lba).Zeros(version == 2 ? 8 : 4);
        }

        return Chunk(version == 2 ? "ETN2" : "ETNF", payload.ToArray());
    }

    /// <summary>Ends a session.</summary>
    public NrgImage EndSession(int tracks) => Chunk("SINF", new ByteWriter(true).U32(tracks).ToArray());

    /// <summary>The image.</summary>
    /// <param name="medium">Flags of the medium; 0 for no chunk of them.</param>
    public byte[] ToArray(int medium = 1)
    {
        if (medium != 0)
        {
            Chunk("MTYP", new ByteWriter(true).U32(medium).ToArray());
        }

        Chunk("END!", []);
        ByteWriter all = new(isBigEndian: true);
        all.Bytes(_sectors.ToArray()).Bytes(_chunks.ToArray());
        return (version == 2 ? all.Text("NER5").U64(Length) : all.Text("NERO").U32(Length)).ToArray();
    }

    private void Offsets(ByteWriter payload, params long[] offsets)
    {
        foreach (long offset in offsets)
        {
            _ = version == 2 ? payload.U64(offset) : payload.U32(offset);
        }
    }

    private static int Bcd(int value) => (value / 10 * 16) + (value % 10);
}
