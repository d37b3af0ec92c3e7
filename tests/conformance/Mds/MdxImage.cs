using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Security.Cryptography;
using Imaged.TestKit;
using Imaged.TestKit.Builders;

namespace Imaged.Conformance.Mds;

/// <summary>Writes images of version 2, encrypted as their readers expect. Keys are derived by OpenSSL; everything else
/// is written out anew here, multiplication in GF(2^128) bit by bit.</summary>
internal sealed class MdxImage
{
    private const int Prefix = 18;
    private const int HeaderEnd = 96;
    private static readonly byte[] DataKeys = DiscData.Noise(256, 77);

    /// <summary>Sectors in a compressed group; 0 for none.</summary>
    public int GroupSectors { get; init; }

    /// <summary>Password of the sectors; null for none.</summary>
    public string? Password { get; init; }

    /// <summary>The tracks of one session of a CD; of a DVD only one.</summary>
    public required Track[] Tracks { get; init; }

    /// <summary>Whether it is a DVD.</summary>
    public bool IsDvd { get; init; }

    /// <summary>CD-Text packs.</summary>
    public byte[] Text { get; init; } = [];

    /// <summary>The image: sectors, descriptor, keys in one file.</summary>
    public byte[] ToMdx()
    {
        ByteWriter data = new();
        data.Zeros(64);
        List<(long Offset, long Table)> places = [];
        foreach (Track track in Tracks)
        {
            long offset = data.Length;
            places.Add((offset, WriteSectors(data, track)));
        }

        byte[] descriptor = Descriptor(places, 0);
        (byte[] packed, byte[] keys) = Seal(descriptor);
        int begin = data.Length;
        data.Bytes(packed).Bytes(keys);
        byte[] image = data.ToArray();
        Head(descriptor).CopyTo(image, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(44), uint.MaxValue);
        BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(48), begin);
        BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(56), packed.Length + 64);
        return image;
    }

    /// <summary>The descriptor in a file of its own, and the sectors in <c>*.mdf</c>.</summary>
    public (byte[] Mds, byte[] Mdf) ToMds()
    {
        ByteWriter data = new();
        List<(long Offset, long Table)> places = [];
        foreach (Track track in Tracks)
        {
            long offset = data.Length;
            places.Add((offset, WriteSectors(data, track)));
        }

        byte[] descriptor = Descriptor(places, 1);
        (byte[] packed, byte[] keys) = Seal(descriptor);
        ByteWriter mds = new();
        mds.Bytes(Head(descriptor)).PadTo(44).U32(48 + packed.Length).Bytes(packed).Bytes(keys);
        return (mds.ToArray(), data.ToArray());
    }

    private static byte[] Head(byte[] descriptor) => [.. descriptor[..Prefix], 0xa9, .. " hand made"u8];

    private byte[] Descriptor(List<(long Offset, long Table)> places, int hasName)
    {
        ByteWriter writer = new();
        int blocks = HeaderEnd + 32;
        int extras = blocks + (Tracks.Length * 80);
        int footers = extras + Tracks.Sum(track => track.Indexes.Length * 4);
        int names = footers + (Tracks.Length * 32);
        byte[] name = hasName == 1 ? System.Text.Encoding.Unicode.GetBytes("*.mdf\0") : [];
        int text = names + name.Length;
        int keys = text + Text.Length;
        Track last = Tracks[^1];
        writer.Text("MEDIA DESCRIPTOR").U8(2, 1).U16(IsDvd ? 3 : 0).U16(1).PadTo(30).U16(Text.Length).PadTo(40).U32(
            text)
            .PadTo(80).U32(HeaderEnd).U32(0).U32(Password is null ? 0 : keys).PadTo(HeaderEnd);
        writer.U64(IsDvd ? 0 : -150).U16(1).U8(Tracks.Length, 0).U16(1).U16(last.Number).U32(0).U32(blocks).U64(
            last.Start + 1000);
        ByteWriter extra = new();
        for (int i = 0; i < Tracks.Length; i++)
        {
            Track track = Tracks[i];
            int at = writer.Length;
            writer.U8(track.Type, track.Subchannel << 3, 0x10 | track.Control, 0, track.Number).PadTo(at + 12)
                .U32(IsDvd ? 0 : extras + extra.Length).U16(track.SectorSize).U8(track.Indexes.Length).PadTo(at + 36)
                .U32(track.Start).U64(places[i].Offset).U32(1).U32(footers + (i * 32)).U64(track.Start)
                .U64(IsDvd ? track.Count : 0).PadTo(at + 80);
            foreach (int length in track.Indexes)
            {
                extra.U32(length);
            }
        }

        writer.Bytes(extra.ToArray());
        for (int i = 0; i < Tracks.Length; i++)
        {
            writer.U32(hasName * names).U8(GroupSectors > 0 ? 1 : 0).Zeros(7).U32(GroupSectors)
                .U64(Tracks[i].Count).U64(places[i].Table);
        }

        writer.Bytes(name).Bytes(Text);
        return Password is null ? writer.ToArray() : writer.Bytes(DataKeyBlock()).ToArray();
    }

    // Returns where the table of groups begins, counted from the first sector.
    private long WriteSectors(ByteWriter to, Track track)
    {
        long begin = to.Length;
        int size = track.SectorSize;
        int group = Math.Max(1, GroupSectors) * size;
        ByteWriter table = new();
        for (int at = 0; at < track.Sectors.Length; at += group)
        {
            byte[] bytes = track.Sectors[at..Math.Min(track.Sectors.Length, at + group)];
            if (GroupSectors == 0)
            {
                to.Bytes(Encrypt(bytes, at / size, size));
                continue;
            }

            byte[] packed = Deflate(bytes);
            if (!bytes.AsSpan().ContainsAnyExcept(bytes[0]))
            {
                table.U16(0x8000 | bytes[0]);
            }
            else if (packed.Length < bytes.Length && packed.Length < 0x8000)
            {
                table.U16(packed.Length);
                to.Bytes(Encrypt(packed, at / size, size));
            }
            else
            {
                table.U16(0);
                to.Bytes(Encrypt(bytes, at / size, size));
            }
        }

        long end = to.Length - begin;
        if (GroupSectors > 0)
        {
            to.Bytes(Zlib(table.ToArray()));
        }

        return end;
    }

    private byte[] Encrypt(byte[] bytes, int sector, int sectorSize) =>
        Password is null ? bytes : Lrw(bytes, DataKeys[..16], DataKeys[32..64], 1 + ((long)sector * (sectorSize / 16)));

    private byte[] DataKeyBlock()
    {
        byte[] salt = DiscData.Noise(64, 5);
        byte[] key = Derive(System.Text.Encoding.ASCII.GetBytes(Password!), salt);
        return [.. salt, .. Lrw(KeyBlock(DataKeys, 0, 0)[64..], key[..16], key[32..64], 1)];
    }

    // The descriptor and the block with its keys.
    private static (byte[] Packed, byte[] Keys) Seal(byte[] descriptor)
    {
        byte[] keyData = DiscData.Noise(256, 6);
        byte[] packed = Zlib(descriptor[Prefix..]);
        byte[] padded = new byte[(packed.Length + 15) / 16 * 16];
        packed.CopyTo(padded, 0);
        byte[] salt = DiscData.Noise(64, 7);
        byte[] key = Derive(PasswordOf(salt), salt);
        byte[] block = KeyBlock(keyData, packed.Length, descriptor.Length - Prefix);
        return (Cbc(padded, keyData[..16], keyData[32..64]), [.. salt, .. Cbc(block[64..], key[..16], key[32..64])]);
    }

    private static byte[] KeyBlock(byte[] keyData, int packed, int length) => new ByteWriter().Zeros(64)
        .U32(Crc32.HashToUInt32(keyData)).U32(0x54525545).U16(1).U16(0x100).U32(0).Bytes(keyData).U32(packed).U32(
            length)
        .PadTo(512).ToArray();

    private static byte[] Derive(byte[] password, byte[] salt)
    {
        string text = Tool.Run(
            "openssl",
            "kdf",
            "-keylen",
            "64",
            "-kdfopt",
            "digest:RIPEMD160",
            "-kdfopt",
            "hexpass:" + Convert.ToHexString(password),
            
            "-kdfopt", "hexsalt:" + Convert.ToHexString(salt), "-kdfopt", "iter:2000", "PBKDF2").Text;
        return Convert.FromHexString(text.Trim().Replace(":", string.Empty));
    }

    private static byte[] PasswordOf(byte[] salt)
    {
        uint value = 0;
        foreach (byte next in salt)
        {
            value ^= next;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ 0xD8018001 : value >> 1;
            }
        }

        value ^= 0x567372FF;
        ByteWriter password = new();
        for (int i = 0; i < 16; i++)
        {
            value = unchecked((value * 0x35E85A6D) + 0x1548DCE9);
            password.U32(BinaryPrimitives.ReadUInt32LittleEndian(salt.AsSpan(i * 4)) ^ value ^ 0xEC564717);
        }

        return [.. password.ToArray().Select(letter => letter == 0 ? (byte)0x5f : letter)];
    }

    private static byte[] Cbc(byte[] plain, byte[] tweak, byte[] key)
    {
        byte[] result = new byte[plain.Length];
        using Aes aes = Aes.Create();
        aes.Key = key;
        byte[] previous = tweak;
        for (int at = 0; at < plain.Length; at += 16)
        {
            byte[] block = at % 512 == 0 ? Xor(plain[at..(at + 16)], tweak) : Xor(plain[at..(at + 16)], previous);
            previous = aes.EncryptEcb(block, PaddingMode.None);
            Xor(previous, [.. tweak[8..16], .. tweak[8..16]]).CopyTo(result, at);
        }

        return result;
    }

    private static byte[] Lrw(byte[] plain, byte[] tweak, byte[] key, long index)
    {
        byte[] result = [.. plain];
        using Aes aes = Aes.Create();
        aes.Key = key;
        for (int at = 0; at + 16 <= plain.Length; at += 16)
        {
            byte[] mask = new byte[16];
            BinaryPrimitives.WriteUInt128BigEndian(
                mask, Multiply(BinaryPrimitives.ReadUInt128BigEndian(tweak), index + (at / 16)));
            Xor(aes.EncryptEcb(Xor(plain[at..(at + 16)], mask), PaddingMode.None), mask).CopyTo(result, at);
        }

        return result;
    }

    private static UInt128 Multiply(UInt128 left, long right)
    {
        UInt128 product = 0;
        for (int bit = 62; bit >= 0; bit--)
        {
            product = (product << 1) ^ ((product >> 127) != 0 ? 0x87u : 0);
            product ^= ((right >> bit) & 1) != 0 ? left : 0;
        }

        return product;
    }

    private static byte[] Xor(byte[] left, byte[] right) => [.. left.Zip(right, (a, b) => (byte)(a ^ b))];

    private static byte[] Deflate(byte[] bytes)
    {
        using MemoryStream result = new();
        using (DeflateStream stream = new(result, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(bytes);
        }

        return result.ToArray();
    }

    private static byte[] Zlib(byte[] bytes)
    {
        using MemoryStream result = new();
        using (ZLibStream stream = new(result, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(bytes);
        }

        return result.ToArray();
    }

    /// <summary>A track; the first of its indexes is the pregap.</summary>
    internal sealed record Track(int Number, int Type, int SectorSize, int Start, int[] Indexes, byte[] Sectors)
    {
        public int Control { get; init; } = 4;

        public int Subchannel { get; init; }

        public int Count => Sectors.Length / SectorSize;
    }
}
