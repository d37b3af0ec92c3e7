using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Imaged.TestKit.Builders;

/// <summary>Writes DAA and GBI images, since no program of Debian does: for what no sample has. daa2iso says whether
/// what it writes is one.</summary>
public sealed record DaaBuilder
{
    public const int ChunkLength = 16384;

    private static readonly byte[] MaskKey = [0x0a, 0x35, 0x2d, 0x3f, 0x08, 0x33, 0x09, 0x15];

    // Numbers of stored, fixed and dynamic blocks in every numbering.
    private static readonly int[][] Numberings = [[0, 1, 2], [1, 2, 0], [0, 2, 1], [1, 0, 2]];

    public bool IsGbi { get; init; }

    public bool IsVersion2 { get; init; }

    public bool IsMasked { get; init; }

    public bool IsHidden { get; init; }

    public bool IsLzma { get; init; }

    public bool HasX86Filter { get; init; }

    public int Numbering { get; init; }

    public int LengthBits { get; init; }

    public string? Password { get; init; }

    /// <summary>With a password: what the decoder does to a block of 128 bytes.</summary>
    public Action<byte[]>? Decrypt { get; init; }

    /// <summary>Bytes of chunks in every file; 0 for one file.</summary>
    public int SplitLength { get; init; }

    /// <summary>The files, the first one first.</summary>
    public List<byte[]> Build(byte[] image)
    {
        List<(byte[] Stored, int Type)> chunks = [.. image.Chunk(ChunkLength).Select(Encode)];
        byte[] data = [.. chunks.SelectMany(chunk => chunk.Stored)];
        byte[][] parts = [.. SplitLength == 0 ? [data] : data.Chunk(SplitLength)];
        byte[] descriptors = MakeDescriptors(parts.Length);
        byte[] table = IsVersion2 ? MakeTable(chunks) : [.. chunks.SelectMany(chunk => Entry(chunk.Stored.Length))];
        int tableOffset = 76 + descriptors.Length;
        byte[] header = new byte[76];
        (IsGbi ? "GBI"u8 : "DAA"u8).CopyTo(header);
        uint packed = (ChunkLength >> 14) | (IsMasked ? 0x20000u : 0) | (IsLzma ? 0x100000u : 0)
            | ((uint)(Numbering ^ (IsGbi ? 1 : 0)) << 23) | (IsHidden ? 0x8000000u : 0);
        (int At, uint Value)[] fields =
        [
            (16, (uint)tableOffset), (20, IsVersion2 ? 0x110u : 0x100), (24, (uint)(tableOffset + table.Length)),
            (28, 1), (36, IsVersion2 ? packed : ChunkLength), (40, (uint)image.Length),
            (48, (uint)(tableOffset + table.Length + data.Length)),
        ];
        foreach ((int at, uint value) in fields)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(at), value);
        }

        if (IsVersion2)
        {
            header[56] = 1;
            header[61] = (byte)(1 | (LengthBits == 0 ? 0 : LengthBits - 10) << 3);
            header[62] = HasX86Filter ? (byte)1 : (byte)0;
            header[63] = 0x5d;
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(64), 1 << 16);
        }

        uint crc = Crc32.HashToUInt32(header.AsSpan(0, 72));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(72), crc);
        Hide(table, image.Length / 2048, crc);
        List<byte[]> files = [[.. header, .. descriptors, .. table, .. parts[0]]];
        files.AddRange(parts.Skip(1).Select(part => (byte[])[.. PartHeader(), .. part]));
        return files;
    }

    private static byte[] Entry(int length) =>
        [(byte)(length >> 16), (byte)(length & 0xff), (byte)((length >> 8) & 0xff)];

    private byte[] PartHeader()
    {
        // Readers take the size of a whole header for granted.
        byte[] header = new byte[100];
        (IsGbi ? "GBI VOL"u8 : "DAA VOL"u8).CopyTo(header);
        header[16] = 100;
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(36), Crc32.HashToUInt32(header.AsSpan(0, 36)));
        return header;
    }

    private byte[] MakeDescriptors(int parts)
    {
        List<byte> all = [];
        void Add(uint type, byte[] payload)
        {
            byte[] head = new byte[8];
            BinaryPrimitives.WriteUInt32LittleEndian(head, type);
            BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), 8 + payload.Length);
            all.AddRange([.. head, .. payload]);
        }

        if (parts > 1)
        {
            byte[] payload = new byte[8 + (5 * parts)];
            BinaryPrimitives.WriteInt32LittleEndian(payload, parts);
            payload[4] = 1;
            Add(2, payload);
        }

        if (Password is not null)
        {
            byte[] key = new byte[128];
            new Random(7).NextBytes(key);
            byte[] payload = new byte[8];
            BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(4), Crc32.HashToUInt32(key));
            Add(3, [.. payload, .. Encrypt(key)]);
        }

        return [.. all];
    }

    private byte[] MakeTable(List<(byte[] Stored, int Type)> chunks)
    {
        int lengthBits = LengthBits == 0 ? 14 : LengthBits;
        byte[] table = new byte[((chunks.Count * (lengthBits + 1)) + 7) / 8];
        int bit = 0;
        void Add(uint value, int count)
        {
            for (int i = 0; i < count; i++, bit++)
            {
                table[bit / 8] |= (byte)((value >> i & 1) << (bit & 7));
            }
        }

        for (int i = 0; i < chunks.Count; i++)
        {
            uint mask = IsMasked ? (uint)((i & 0xff) ^ MaskKey[i & 7]) * 0x01010101 : 0;
            Add((uint)(chunks[i].Stored.Length - 5) ^ mask, lengthBits);
            Add((uint)chunks[i].Type ^ mask, 1);
        }

        return table;
    }

    private void Hide(byte[] table, int sectors, uint crc)
    {
        for (int i = 0; i < table.Length; i++)
        {
            if (IsGbi && IsVersion2)
            {
                table[i] = unchecked((byte)((table[i] ^ (table.Length / 4)) + crc));
            }
            else if (IsHidden)
            {
                table[i] = unchecked((byte)(table[i] + sectors + (i * (sectors >> 8))));
            }
        }
    }

    private (byte[] Stored, int Type) Encode(byte[] chunk)
    {
        byte[] stored = IsLzma ? Lzma(chunk) : Deflate(chunk);
        if (IsVersion2 && stored.Length >= ChunkLength)
        {
            stored = [.. chunk, .. new byte[ChunkLength - chunk.Length]];
        }

        return (Encrypt(stored), IsLzma ? 0 : 1);
    }

    // Where types are renumbered, one block for a chunk, so that its type stands in the first byte.
    private byte[] Deflate(byte[] chunk)
    {
        using MemoryStream stream = new();
        using (DeflateStream deflate = new(stream, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflate.Write(chunk);
        }

        byte[] bytes = stream.ToArray();
        if (Numbering != 0 && (bytes[0] & 1) == 0)
        {
            throw new InvalidOperationException("the chunk takes more than one block");
        }

        bytes[0] = (byte)((bytes[0] & ~6) | Numberings[Numbering][bytes[0] >> 1 & 3] << 1);
        return bytes;
    }

    private byte[] Lzma(byte[] chunk)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["chunk"], chunk);
        string filter = HasX86Filter ? "--x86 " : string.Empty;
        return Tool.Shell(
            $"xz --format=raw {filter}--lzma1=dict=64KiB,lc=3,lp=0,pb=2 --stdout '{folder["chunk"]}'").Output;
    }

    // The reverse of decryption: where every half byte goes is asked of the decoder, daa2iso says whether it is right.
    private byte[] Encrypt(byte[] clear)
    {
        if (Password is null)
        {
            return clear;
        }

        return [.. clear.Chunk(128).SelectMany(block =>
        {
            byte[] secret = new byte[block.Length];
            for (int i = 0; i < 2 * block.Length; i++)
            {
                byte[] probe = new byte[block.Length];
                probe[i / 2] = (byte)((i & 1) == 0 ? 15 : 0xf0);
                Decrypt!(probe);
                int at = Array.FindIndex(probe, value => value != 0);
                int half = probe[at] == 15 ? block[at] & 15 : block[at] >> 4;
                secret[i / 2] |= (byte)((i & 1) == 0 ? half : half << 4);
            }

            return secret;
        })];
    }
}
