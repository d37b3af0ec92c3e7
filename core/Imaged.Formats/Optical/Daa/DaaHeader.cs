using System.Buffers.Binary;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Daa;

/// <summary>The header of the first file of a DAA or GBI image: 76 bytes, little-endian.</summary>
internal sealed record DaaHeader
{
    /// <summary>Its bytes.</summary>
    public const int Length = 76;

    /// <summary>Most chunks: what a table of 48 MiB has.</summary>
    public const int MaxChunks = 1 << 24;

    private const uint Version1 = 0x100;
    private const uint Version2 = 0x110;
    private const long MaxImageLength = 1L << 46;

    /// <summary>Whether gBurner made it, which hides tables in a way of its own.</summary>
    public bool IsGbi { get; private init; }

    /// <summary>Whether this is version 2 (0x110).</summary>
    public bool IsVersion2 { get; private init; }

    /// <summary>Byte offset of the chunk table; descriptors stand between the header and it.</summary>
    public int TableOffset { get; private init; }

    /// <summary>Byte offset of the chunks, where the table ends.</summary>
    public int DataOffset { get; private init; }

    /// <summary>Bytes of a chunk, at most <see cref="ChunkedSource.MaxChunkLength"/>.</summary>
    public int ChunkLength { get; private init; }

    /// <summary>Number of chunks, at most <see cref="MaxChunks"/>.</summary>
    public int ChunkCount { get; private init; }

    /// <summary>Bytes of the image.</summary>
    public long ImageLength { get; private init; }

    /// <summary>CRC-32 of the header, as stored.</summary>
    public uint Crc { get; private init; }

    /// <summary>Whether the table's numbers are masked.</summary>
    public bool IsMasked { get; private init; }

    /// <summary>Whether the table's bytes are hidden in PowerISO's way.</summary>
    public bool IsHidden { get; private init; }

    /// <summary>How the types of deflate blocks are numbered: 0 as in RFC 1951, 1 to 3 otherwise.</summary>
    public int BlockNumbering { get; private init; }

    /// <summary>Bits of a length in the table of version 2; 1 to 32.</summary>
    public int LengthBits { get; private init; }

    /// <summary>Bits of a type in the table of version 2; 0 to 7.</summary>
    public int TypeBits { get; private init; }

    /// <summary>Whether LZMA chunks went through the x86 filter.</summary>
    public bool HasX86Filter { get; private init; }

    /// <summary>Byte with lc, lp and pb, and the size of the dictionary, as in front of an LZMA stream.</summary>
    public byte LzmaProperties { get; private init; }

    /// <summary>Parses the header.</summary>
    /// <exception cref="ImageFormatException">It is damaged or no header of this format.</exception>
    /// <exception cref="UnsupportedFeatureException">Another version, or a compressed table.</exception>
    public static DaaHeader Read(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[Length];
        if (file.ReadUpTo(0, raw) < Length
            || !(raw.StartsWith(DaaFormat.Signatures[0]) || raw.StartsWith(DaaFormat.Signatures[1])))
        {
            ImageFormatException.Throw(DaaFormat.Id, 0, "there is no header");
        }

        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(raw[72..]);
        if (Crc32.HashToUInt32(raw[..72]) != crc)
        {
            ImageFormatException.Throw(DaaFormat.Id, 72, "the checksum of the header is wrong");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(raw[20..]);
        if (version is not (Version1 or Version2))
        {
            UnsupportedFeatureException.Throw(DaaFormat.Id, $"version {version:x}h");
        }

        bool isVersion2 = version == Version2;
        uint table = BinaryPrimitives.ReadUInt32LittleEndian(raw[16..]);
        uint data = BinaryPrimitives.ReadUInt32LittleEndian(raw[24..]) & (isVersion2 ? 0xffffff : uint.MaxValue);
        if (table < Length || data <= table || data > Math.Min(file.Length, int.MaxValue))
        {
            ImageFormatException.Throw(DaaFormat.Id, 16, $"the chunk table is said to be at {table} to {data}");
        }

        uint packed = BinaryPrimitives.ReadUInt32LittleEndian(raw[36..]);
        if (isVersion2 && (packed & 0x4000) != 0)
        {
            UnsupportedFeatureException.Throw(DaaFormat.Id, "a compressed chunk table");
        }

        long chunk = isVersion2 ? (packed & 0xfff) << 14 : packed;
        long length = BinaryPrimitives.ReadInt64LittleEndian(raw[40..]);
        if (chunk is 0 or > ChunkedSource.MaxChunkLength)
        {
            ImageFormatException.Throw(DaaFormat.Id, 36, $"chunks have {chunk} bytes");
        }

        if (length is <= 0 or > MaxImageLength || (length + chunk - 1) / chunk > MaxChunks)
        {
            ImageFormatException.Throw(DaaFormat.Id, 40, $"the image has {length} bytes in chunks of {chunk}");
        }

        bool isGbi = raw[0] == 'G';
        int typeBits = raw[61] & 7;
        return new()
        {
            IsGbi = isGbi,
            IsVersion2 = isVersion2,
            TableOffset = (int)table,
            DataOffset = (int)data,
            ChunkLength = (int)chunk,
            ChunkCount = (int)((length + chunk - 1) / chunk),
            ImageLength = length,
            Crc = crc,
            IsMasked = isVersion2 && (packed & 0x20000) != 0,
            IsHidden = isVersion2 && !isGbi && (packed & 0x8000000) != 0,
            BlockNumbering = isVersion2 ? (int)(packed >> 23 & 3) ^ (isGbi ? 1 : 0) : 0,
            LengthBits = raw[61] >> 3 is not 0 and int bits ? CheckBits(bits + 10) : AutomaticBits(chunk, typeBits),
            TypeBits = typeBits,
            HasX86Filter = isVersion2 && raw[62] switch
            {
                0 => false,
                1 => true,
                byte other => throw new UnsupportedFeatureException(DaaFormat.Id, $"filter {other}"),
            },
            LzmaProperties = raw[63],
        };
    }

    private static int CheckBits(int bits)
    {
        if (bits > 32)
        {
            ImageFormatException.Throw(DaaFormat.Id, 61, $"lengths have {bits} bits");
        }

        return bits;
    }

    // How often the length of a chunk is to be halved until it is not above the width of types.
    private static int AutomaticBits(long chunk, int typeBits)
    {
        int bits = 0;
        for (long left = chunk; left > typeBits; left >>= 1)
        {
            bits++;
        }

        return Math.Max(bits, 1);
    }
}
