using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Imaged.TestKit.Builders;

/// <summary>Writes recovery points, since no free program does: from the description of the format alone.</summary>
/// <param name="volume">The volume; sectors that are zero are not stored.</param>
public sealed class V2iBuilder(byte[] volume)
{
    private const int Slot = 131072;
    private const int Header = 96;
    private const int Payload = Slot - Header;
    private const int Sector = 512;
    private const int PerChunk = 32768;
    private const uint ImageId = 0x42424242;

    /// <summary>Blocks of the base file; the others go to spans of as many each.</summary>
    public int BlocksPerFile { get; init; } = int.MaxValue;

    /// <summary>Bytes that are compressed in each block; 0 to compress nothing.</summary>
    public int PackedPiece { get; init; } = 60_000;

    /// <summary>The flag before what is compressed.</summary>
    public byte Flag { get; init; } = 0x74;

    /// <summary>CRC-32 of the password in UTF-16; 0 for none.</summary>
    public uint PasswordCrc { get; init; }

    /// <summary>Changes the metadata and the map before the checksums over them are made; null to change
    /// nothing.</summary>
    public Action<byte[]>? Spoil { get; init; }

    /// <summary>How the chunks of the map were written.</summary>
    public List<int> Kinds { get; } = [];

    /// <summary>The files of the set.</summary>
    public List<byte[]> Build()
    {
        byte[] map = Map(out byte[] data);
        Spoil?.Invoke(map);
        ByteWriter rest = new ByteWriter().U32(1).U32(3).U32(0).U32(2).U32(0).U32(0);
        long mapOffset = Payload + rest.Length;
        rest.Bytes(map).Bytes(data);
        (string Name, long Offset, long Length)[] parts =
        [
            ("gptmd", Payload, 12), ("ldmmd", Payload + 12, 12), ("ubmap", mapOffset, map.Length),
            ("udata", mapOffset + map.Length, data.Length),
        ];
        int copyLength = Metadata(parts, 0, 0, 0).Length;
        long total = Payload + rest.Length + copyLength;
        byte[] stream = rest.Bytes(new byte[copyLength]).ToArray();
        List<byte[]> blocks = Blocks(stream);
        int files = BlocksPerFile == int.MaxValue ? 1 : 1 + ((blocks.Count - 1) / BlocksPerFile);
        byte[] metadata = Metadata(parts, total, blocks.Count + 1, files);
        Spoil?.Invoke(metadata);
        List<byte[]> result = [Base(metadata)];
        foreach (byte[][] file in blocks.Chunk(Math.Min(BlocksPerFile, blocks.Count)))
        {
            byte[] bytes = [.. file.SelectMany(block => block)];
            if (result is [{ Length: Slot } first])
            {
                result[0] = [.. first, .. bytes];
            }
            else
            {
                result.Add(bytes);
            }
        }

        return result;
    }

    private static byte[] Metadata(
        (string Name, long Offset, long Length)[] parts, long total, int blocks, int files)
    {
        ByteWriter writer = new ByteWriter()
            .Text("$CDH").U32(200).U32(96).U32(1).U64(total).U32(blocks).U32(files).U32(0).U32(Sector)
            .U32(1024).U32(999).PadTo(0x60).U64(total).U32(blocks).PadTo(200)
            .Text("PART").U32(302).PadTo(200 + 0x88).U32(2048).PadTo(200 + 302);
        int id = 5;
        foreach ((string name, long offset, long length) in parts)
        {
            writer.Text("$CDED", 8).U32(id++).U32(4).Zeros(8).U64(offset).U64(length)
                .U32(0x38).U32(name.Length + 1).Zeros(8).Bytes(Encoding.Unicode.GetBytes(name + "\0"));
        }

        return writer.ToArray();
    }

    private byte[] Base(byte[] metadata)
    {
        byte[] payload = new ByteWriter().Zeros(0x800 - Header).Bytes(metadata).PadTo(Payload).ToArray();
        byte[] head = new ByteWriter()
            .Bytes([0x78, 0x89, 0x26, 0x12]).U32(0x800).U32(Header).U32(0x01010000).U32(ImageId).U16(3).U16(7)
            .U32(PasswordCrc).U32(Slot).U32(Slot).Zeros(12).U32(0).U32(2).U64(0).U32(Payload).U32(0x800 - Header)
            .PadTo(0x58).ToArray();
        return Seal(head, payload);
    }

    private static byte[] Seal(byte[] head, byte[] payload) =>
    [
        .. head, .. new ByteWriter().U32(Crc32.HashToUInt32(head)).U32(Crc32.HashToUInt32(payload)).ToArray(),
        .. payload,
    ];

    private List<byte[]> Blocks(byte[] stream)
    {
        List<byte[]> blocks = [];
        for (int at = 0; at < stream.Length;)
        {
            int piece = Math.Min(PackedPiece, stream.Length - at);
            byte[] packed = piece == 0 ? [] : [Flag, .. Deflate(stream.AsSpan(at, piece))];
            int tail = Math.Min(Payload - packed.Length, stream.Length - at - piece);
            byte[] payload =
                new ByteWriter().Bytes(packed).Bytes(stream.AsSpan(at + piece, tail)).PadTo(Payload).ToArray();
            bool isLast = at + piece + tail == stream.Length;
            byte[] head = new ByteWriter()
                .Text("$CAN").U32(Header).U32(Header).U32(0x01010000).U32(ImageId).U16(3).U16(7).U32(0)
                .U32(Slot).U32(Slot).Zeros(12).U32(blocks.Count + 1).U32(isLast ? 3 : 1).U64(Payload + at)
                .U32(piece + tail).U32(0).U32(packed.Length).PadTo(0x58).ToArray();
            blocks.Add(Seal(head, payload));
            at += piece + tail;
        }

        return blocks;
    }

    private static byte[] Deflate(ReadOnlySpan<byte> bytes)
    {
        using MemoryStream stream = new();
        using (DeflateStream deflate = new(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(bytes);
        }

        return stream.ToArray();
    }

    private byte[] Map(out byte[] data)
    {
        using MemoryStream stored = new();
        ByteWriter records = new();
        ByteWriter details = new();
        int sectors = volume.Length / Sector;
        int count = (sectors + PerChunk - 1) / PerChunk;
        for (int i = 0; i < count; i++)
        {
            int covered = Math.Min(PerChunk, sectors - (i * PerChunk));
            bool[] used = new bool[covered];
            for (int k = 0; k < covered; k++)
            {
                Span<byte> sector = volume.AsSpan(((i * PerChunk) + k) * Sector, Sector);
                used[k] = sector.ContainsAnyExcept((byte)0);
                stored.Write(used[k] ? sector : []);
            }

            int total = used.Count(b => b);
            int kind = AddDetails(details, used, total);
            Kinds.Add(kind);
            records.U16(0x3474).U32(i).U16(covered).U16(total).U16(kind)
                .U16(Math.Max(0, Array.IndexOf(used, true))).U16(Math.Max(0, Array.LastIndexOf(used, true)))
                .U16(Math.Max(0, Array.IndexOf(used, false))).U16(Math.Max(0, Array.LastIndexOf(used, false)))
                .PadTo((i + 1) * 32);
        }

        data = stored.ToArray();
        return new ByteWriter().U32(0).U32(sectors).U32(0).U32(count).PadTo(32)
            .Bytes(records.ToArray()).Bytes(details.ToArray()).ToArray();
    }

    private static int AddDetails(ByteWriter details, bool[] used, int total)
    {
        if (total == 0 || total == used.Length)
        {
            return total == 0 ? 0 : 0x100;
        }

        List<(int Start, int Length)> runs = [];
        for (int i = 0; i < used.Length;)
        {
            int end = i;
            while (end < used.Length && used[end] == used[i])
            {
                end++;
            }

            if (used[i])
            {
                runs.Add((i, end - i));
            }

            i = end;
        }

        int begin = details.Length;
        if (runs.Count > 125)
        {
            byte[] bits = new byte[PerChunk / 8];
            for (int i = 0; i < used.Length; i++)
            {
                bits[i / 8] |= (byte)(used[i] ? 1 << (i % 8) : 0);
            }

            details.Bytes(bits);
            return 0x300;
        }

        details.U16(0x2290).U32(runs.Count).U32(0).U16(0x2290);
        runs.ForEach(run => details.U16(run.Start).U16(run.Length));
        details.PadTo(begin + Sector);
        return 0x200;
    }
}
