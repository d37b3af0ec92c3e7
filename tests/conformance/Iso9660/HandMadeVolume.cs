using System.Buffers.Binary;

namespace Imaged.Conformance.Iso9660;

/// <summary>A volume of one directory, written byte by byte as the standards say (ECMA-119; for High Sierra the working
/// paper of 1986): for what no program of today makes.</summary>
internal sealed class HandMadeVolume
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockSize = 2048;

    private const int DescriptorBlock = 16;
    private const int RootBlock = 18;

    private readonly bool _highSierra;
    private readonly MemoryStream _root = new();
    private readonly byte[] _bytes;

    /// <summary>An empty volume.</summary>
    /// <param name="blocks">Its length in blocks, more than 19.</param>
    /// <param name="highSierra">High Sierra instead of ISO 9660.</param>
    /// <param name="rootSystemUse">System use area of the root's record of itself.</param>
    public HandMadeVolume(int blocks, bool highSierra = false, params byte[] rootSystemUse)
    {
        _highSierra = highSierra;
        _bytes = new byte[blocks * BlockSize];
        Span<byte> descriptor = _bytes.AsSpan(DescriptorBlock * BlockSize, BlockSize);
        Span<byte> end = _bytes.AsSpan((DescriptorBlock + 1) * BlockSize, BlockSize);
        int shift = highSierra ? 8 : 0;
        if (highSierra)
        {
            Both32(DescriptorBlock).CopyTo(descriptor);
            Both32(DescriptorBlock + 1).CopyTo(end);
        }

        ReadOnlySpan<byte> id = highSierra ? "CDROM"u8 : "CD001"u8;
        (descriptor[shift], end[shift]) = (1, 255);
        id.CopyTo(descriptor[(shift + 1)..]);
        id.CopyTo(end[(shift + 1)..]);
        (descriptor[shift + 6], end[shift + 6]) = (1, 1);
        descriptor[(shift + 8)..(shift + 72)].Fill((byte)' ');
        "HAND MADE"u8.CopyTo(descriptor[(shift + 40)..]);
        Both32(blocks).CopyTo(descriptor[(shift + 80)..]);
        Both16(1).CopyTo(descriptor[(shift + 120)..]);
        Both16(1).CopyTo(descriptor[(shift + 124)..]);
        Both16(BlockSize).CopyTo(descriptor[(shift + 128)..]);
        Record([0], RootBlock, BlockSize, 2).CopyTo(descriptor[(highSierra ? 180 : 156)..]);
        _root.Write(Record([0], RootBlock, BlockSize, 2, 0, 0, rootSystemUse));
        _root.Write(Record([1], RootBlock, BlockSize, 2));
    }

    /// <summary>The volume.</summary>
    public byte[] ToArray()
    {
        _root.ToArray().CopyTo(_bytes.AsSpan(RootBlock * BlockSize));
        return _bytes;
    }

    /// <summary>Adds a file's record.</summary>
    /// <param name="identifier">As stored.</param>
    /// <param name="block">Of its data.</param>
    /// <param name="length">In bytes.</param>
    /// <param name="unit">Blocks of a file unit; 0 when it is not interleaved.</param>
    /// <param name="gap">Blocks between two units.</param>
    /// <param name="isLast">Whether no further section follows.</param>
    /// <param name="systemUse">What stands behind the identifier.</param>
    public void Add(
        ReadOnlySpan<byte> identifier,
        int block,
        int length,
        byte unit = 0,
        byte gap = 0,
        bool isLast = true,
        params ReadOnlySpan<byte> systemUse) =>
        _root.Write(Record(identifier, block, length, isLast ? 0 : 0x80, unit, gap, systemUse));

    /// <summary>Puts bytes into blocks.</summary>
    public void Fill(int block, ReadOnlySpan<byte> bytes) => bytes.CopyTo(_bytes.AsSpan(block * BlockSize));

    /// <summary>A number of 32 bits in both byte orders.</summary>
    public static byte[] Both32(int value)
    {
        byte[] raw = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(raw, value);
        BinaryPrimitives.WriteInt32BigEndian(raw.AsSpan(4), value);
        return raw;
    }

    private static byte[] Both16(short value)
    {
        byte[] raw = new byte[4];
        BinaryPrimitives.WriteInt16LittleEndian(raw, value);
        BinaryPrimitives.WriteInt16BigEndian(raw.AsSpan(2), value);
        return raw;
    }

    private byte[] Record(
        ReadOnlySpan<byte> identifier,
        int block,
        int length,
        int flags,
        byte unit = 0,
        byte gap = 0,
        params ReadOnlySpan<byte> systemUse)
    {
        int padded = 33 + identifier.Length + ((identifier.Length & 1) ^ 1);
        byte[] record = new byte[padded + systemUse.Length + (systemUse.Length & 1)];
        record[0] = (byte)record.Length;
        Both32(block).CopyTo(record.AsSpan(2));
        Both32(length).CopyTo(record.AsSpan(10));

        // 1988-04-15 12:30:45, in ISO 9660 with a zone of two hours east (8 quarters) behind it.
        ReadOnlySpan<byte> date = [88, 4, 15, 12, 30, 45, 8];
        date[..(_highSierra ? 6 : 7)].CopyTo(record.AsSpan(18));
        record[_highSierra ? 24 : 25] = (byte)flags;
        record[26] = unit;
        record[27] = gap;
        Both16(1).CopyTo(record.AsSpan(28));
        record[32] = (byte)identifier.Length;
        identifier.CopyTo(record.AsSpan(33));
        systemUse.CopyTo(record.AsSpan(padded));
        return record;
    }
}
