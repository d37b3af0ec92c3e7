using System.Text;
using Imaged.TestKit.Builders;

namespace Imaged.Conformance.Chd;

/// <summary>Writes CHDs that no program makes: with any kinds of hunks, and codecs that Debian's chdman does not
/// know.</summary>
/// <param name="hunkLength">Bytes of a hunk.</param>
/// <param name="unitLength">Bytes of a unit.</param>
/// <param name="codecs">Names of the codecs.</param>
internal sealed class ChdImage(int hunkLength, int unitLength, params string[] codecs)
{
    private const int HeaderLength = 124;

    private readonly List<(int Kind, byte[] Stored, long Place, byte[] Content)> _hunks = [];
    private readonly List<(string Tag, byte[] Data)> _metadata = [];

    /// <summary>SHA-1 of the parent.</summary>
    public byte[] ParentSha1 { get; set; } = new byte[20];

    /// <summary>Adds a hunk.</summary>
    /// <param name="kind">0 to 3 for a codec, 4 for a plain one.</param>
    /// <param name="stored">What is stored.</param>
    /// <param name="content">What that is of.</param>
    public ChdImage Stored(int kind, byte[] stored, byte[] content)
    {
        _hunks.Add((kind, stored, 0, content));
        return this;
    }

    /// <summary>Adds a copy.</summary>
    /// <param name="kind">5 or 6 with a place, or any of those whose place follows.</param>
    /// <param name="place">Number of a hunk or of a unit of the parent.</param>
    public ChdImage Copy(int kind, long place = 0)
    {
        _hunks.Add((kind, [], place, []));
        return this;
    }

    /// <summary>Adds an entry of metadata.</summary>
    public ChdImage Metadata(string tag, byte[] data)
    {
        _metadata.Add((tag, data));
        return this;
    }

    /// <summary>Adds an entry of text.</summary>
    public ChdImage Metadata(string tag, string text) => Metadata(tag, [.. Encoding.ASCII.GetBytes(text), 0]);

    /// <summary>The file.</summary>
    /// <param name="length">Bytes of the content; null for all hunks.</param>
    public byte[] Build(long? length = null)
    {
        int stored = _hunks.Sum(hunk => hunk.Stored.Length);
        byte[] map = Map();
        int metadata = HeaderLength + stored + map.Length;
        ByteWriter writer = new(isBigEndian: true);
        writer.Text("MComprHD").U32(HeaderLength).U32(5);
        for (int i = 0; i < 4; i++)
        {
            writer.Text(i < codecs.Length ? codecs[i] : string.Empty, 4);
        }

        writer.U64(length ?? ((long)_hunks.Count * hunkLength)).U64(HeaderLength + stored)
            .U64(_metadata.Count == 0 ? 0 : metadata).U32(hunkLength).U32(unitLength)
            .Zeros(40).Bytes(ParentSha1);
        _hunks.ForEach(hunk => writer.Bytes(hunk.Stored));
        writer.Bytes(map);
        for (int i = 0; i < _metadata.Count; i++)
        {
            (string tag, byte[] data) = _metadata[i];
            int next = writer.Length + 16 + data.Length;
            writer.Text(tag, 4).U32(0x0100_0000 | data.Length).U64(i == _metadata.Count - 1 ? 0 : next).Bytes(data);
        }

        return writer.ToArray();
    }

    // Codes of four bits for all kinds, and each kind for itself.
    private byte[] Map()
    {
        StringBuilder bits = new();
        void Put(long value, int count)
        {
            for (int i = count - 1; i >= 0; i--)
            {
                bits.Append((value >> i) & 1);
            }
        }

        for (int i = 0; i < 16; i++)
        {
            Put(4, 4);
        }

        _hunks.ForEach(hunk => Put(hunk.Kind, 4));
        ByteWriter entries = new(isBigEndian: true);
        long offset = HeaderLength;
        long self = 0;
        long parent = 0;
        int units = hunkLength / unitLength;
        for (int i = 0; i < _hunks.Count; i++)
        {
            (int kind, byte[] stored, long place, byte[] content) = _hunks[i];
            switch (kind)
            {
                case < 5:
                    if (kind < 4)
                    {
                        Put(stored.Length, 24);
                    }

                    Put(Crc(content), 16);
                    Entry(kind, stored.Length, offset, Crc(content));
                    offset += stored.Length;
                    break;
                case 5 or 9 or 10:
                    self = kind == 5 ? place : kind == 10 ? self + 1 : self;
                    Put(place, kind == 5 ? 32 : 0);
                    Entry(5, 0, self, 0);
                    break;
                default:
                    parent = kind switch { 6 => place, 11 => i * units, 13 => parent + units, _ => parent };
                    Put(place, kind == 6 ? 32 : 0);
                    Entry(6, 0, parent, 0);
                    break;
            }
        }

        void Entry(int kind, int length, long at, int crc) =>
            entries.U32(((long)kind << 24) | (long)length).U16(at >> 32).U32(at & uint.MaxValue).U16(crc);

        bits.Append('0', -bits.Length & 7);
        byte[] stream = [.. Enumerable.Range(0, bits.Length / 8).Select(i =>
            Convert.ToByte(bits.ToString(i * 8, 8), 2))];
        return new ByteWriter(isBigEndian: true)
            .U32(stream.Length).U16(0).U32(HeaderLength).U16(Crc(entries.ToArray())).U8(24, 32, 32, 0)
            .Bytes(stream).ToArray();
    }

    private static int Crc(byte[] bytes)
    {
        int crc = 0xffff;
        foreach (byte value in bytes)
        {
            for (int bit = 7; bit >= 0; bit--)
            {
                int top = (crc >> 15) ^ ((value >> bit) & 1);
                crc = ((crc << 1) ^ (top * 0x1021)) & 0xffff;
            }
        }

        return crc;
    }
}
