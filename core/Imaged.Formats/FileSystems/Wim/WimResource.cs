using System.Buffers.Binary;

namespace Imaged.Formats.Wim;

/// <summary>What is special about a resource.</summary>
[Flags]
internal enum WimResourceFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Its entry is not in use.</summary>
    Free = 1,

    /// <summary>It is the directory tree of an image.</summary>
    Metadata = 2,

    /// <summary>It is stored in compressed chunks.</summary>
    Compressed = 4,

    /// <summary>It is cut into parts.</summary>
    Spanned = 8,

    /// <summary>It holds many files as one, or is one of those.</summary>
    Solid = 16,
}

/// <summary>Where a resource stands in its part.</summary>
/// <param name="Offset">Byte offset in the part.</param>
/// <param name="StoredLength">Its length there.</param>
/// <param name="Length">Length in bytes when decoded.</param>
/// <param name="Flags">How.</param>
internal readonly record struct WimResource(long Offset, long StoredLength, long Length, WimResourceFlags Flags)
{
    /// <summary>Bytes of its header.</summary>
    public const int HeaderLength = 24;

    /// <summary>Byte offset behind it in its part.</summary>
    public long End => Offset + StoredLength;

    /// <summary>Parses a header: seven bytes of stored length and one of flags, offset, length.</summary>
    /// <returns>Numbers above 2^62 come out as 2^62: no file is as long.</returns>
    public static WimResource Parse(ReadOnlySpan<byte> raw)
    {
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(raw);
        return new(
            Limit(BinaryPrimitives.ReadUInt64LittleEndian(raw[8..])),
            (long)(first & 0x00ff_ffff_ffff_ffff),
            Limit(BinaryPrimitives.ReadUInt64LittleEndian(raw[16..])),
            (WimResourceFlags)(first >> 56));
    }

    /// <summary>Whether it has this property.</summary>
    public bool Is(WimResourceFlags flag) => (Flags & flag) != 0;

    private static long Limit(ulong value) => (long)Math.Min(value, 1UL << 62);
}
