using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Imaged.TestKit.Builders;

/// <summary>Writes UDIF images, since no program of Debian does: for what no sample has. Other programs say whether
/// what it writes is one.</summary>
public sealed class DmgBuilder
{
    private const int SectorLength = 512;

    private readonly List<byte[]> _chunks = [];
    private readonly MemoryStream _fork = new();
    private readonly Crc32 _crc = new();
    private long _sectors;

    /// <summary>The data fork.</summary>
    public byte[] Fork => _fork.ToArray();

    /// <summary>Sectors as they are, with fewer bytes stored than they have when the rest is zero.</summary>
    public DmgBuilder Raw(byte[] bytes, int? stored = null)
    {
        Add(1, bytes.Length / SectorLength, bytes[..(stored ?? bytes.Length)]);
        _crc.Append(bytes);
        return this;
    }

    public DmgBuilder Zlib(byte[] bytes)
    {
        using MemoryStream stream = new();
        using (ZLibStream zlib = new(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(bytes);
        }

        return Encoded(0x80000005, bytes, stream.ToArray());
    }

    /// <summary>Sectors that were encoded elsewhere.</summary>
    public DmgBuilder Encoded(uint kind, byte[] bytes, byte[] stored)
    {
        Add(kind, bytes.Length / SectorLength, stored);
        _crc.Append(bytes);
        return this;
    }

    public DmgBuilder Zero(int sectors)
    {
        Add(0, sectors, []);
        _crc.Append(new byte[sectors * SectorLength]);
        return this;
    }

    public DmgBuilder Ignore(int sectors)
    {
        Add(2, sectors, []);
        return this;
    }

    /// <summary>A chunk of any kind.</summary>
    public DmgBuilder Add(uint kind, long sectors, byte[] stored, long? sector = null)
    {
        byte[] chunk = new byte[40];
        BinaryPrimitives.WriteUInt32BigEndian(chunk, kind);
        BinaryPrimitives.WriteInt64BigEndian(chunk.AsSpan(8), sector ?? _sectors);
        BinaryPrimitives.WriteInt64BigEndian(chunk.AsSpan(16), sectors);
        BinaryPrimitives.WriteInt64BigEndian(chunk.AsSpan(24), _fork.Length);
        BinaryPrimitives.WriteInt64BigEndian(chunk.AsSpan(32), stored.Length);
        _fork.Write(stored);
        _chunks.Add(chunk);
        _sectors += sectors;
        return this;
    }

    /// <summary>The block table.</summary>
    public byte[] Table()
    {
        byte[] header = new byte[204];
        "mish"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), 1);
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(16), _sectors);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(64), 2);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(68), 32);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(72), _crc.GetCurrentHashAsUInt32());
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(200), _chunks.Count + 1);
        byte[] end = new byte[40];
        BinaryPrimitives.WriteUInt32BigEndian(end, uint.MaxValue);
        BinaryPrimitives.WriteInt64BigEndian(end.AsSpan(8), _sectors);
        return [.. header, .. _chunks.SelectMany(chunk => chunk), .. end];
    }

    /// <summary>The property list with the table.</summary>
    public byte[] List() => Encoding.UTF8.GetBytes(
        $"""
        <?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
        <plist version="1.0"><dict><key>resource-fork</key><dict><key>blkx</key><array><dict>
        <key>Attributes</key><string>0x0050</string><key>CFName</key><string>whole &lt;disk&gt;</string>
        <key>Data</key><data>{Convert.ToBase64String(Table(), Base64FormattingOptions.InsertLineBreaks)}</data>
        <key>ID</key><string>0</string><key>Name</key><string>whole &lt;disk&gt;</string></dict></array></dict></dict>
        </plist>

        """);

    /// <summary>A resource fork with the table.</summary>
    public byte[] ResourceFork()
    {
        byte[] table = Table();
        byte[] data = new byte[256 + 4 + table.Length];
        BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(256), table.Length);
        table.CopyTo(data.AsSpan(260));
        byte[] map = new byte[28 + 10 + 12];
        int[] header = [256, data.Length, data.Length - 256, map.Length];
        for (int i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(4 * i), header[i]);
        }

        data.AsSpan(0, 16).CopyTo(map);
        BinaryPrimitives.WriteUInt16BigEndian(map.AsSpan(24), 28); // list of types
        BinaryPrimitives.WriteUInt16BigEndian(map.AsSpan(26), (ushort)map.Length); // names
        "blkx"u8.CopyTo(map.AsSpan(30)); // one type with one resource
        BinaryPrimitives.WriteUInt16BigEndian(map.AsSpan(36), 10);
        BinaryPrimitives.WriteUInt16BigEndian(map.AsSpan(40), ushort.MaxValue); // without a name
        return [.. data, .. map];
    }

    /// <summary>The trailer.</summary>
    public byte[] Trailer(
        byte[] fork,
        (long Offset, long Length) list,
        (long Offset, long Length) resources,
        int segment = 1,
        int segments = 1)
    {
        byte[] raw = new byte[512];
        "koly"u8.CopyTo(raw);
        (int At, long Value)[] words =
        [
            (24, 0), (32, fork.Length), (40, resources.Offset),
            (48, resources.Length), (216, list.Offset), (224, list.Length),
            (492, _sectors),
        ];
        foreach ((int at, long value) in words)
        {
            BinaryPrimitives.WriteInt64BigEndian(raw.AsSpan(at), value);
        }

        Crc32 master = new();
        master.Append(Table().AsSpan(72, 4));
        (int At, uint Value)[] shorts =
        [
            (4, 4), (8, 512), (12, 1), (56, (uint)segment), (60, (uint)segments), (64, 0x12345678), (80, 2), (84, 32),
            (88, Crc32.HashToUInt32(fork)), (352, 2), (356, 32), (360, master.GetCurrentHashAsUInt32()), (488, 1),
        ];
        foreach ((int at, uint value) in shorts)
        {
            BinaryPrimitives.WriteUInt32BigEndian(raw.AsSpan(at), value);
        }

        return raw;
    }

    /// <summary>The whole image.</summary>
    public byte[] Build()
    {
        byte[] fork = Fork;
        byte[] list = List();
        return [.. fork, .. list, .. Trailer(fork, (fork.Length, list.Length), default)];
    }
}
