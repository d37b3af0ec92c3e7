using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Imaged.Blocks;

namespace Imaged.Formats.Signatures;

/// <summary>Fields of a superblock. Offsets count from its beginning; what does not lie inside the volume reads as
/// zero, so that nothing throws for what the bytes say.</summary>
internal readonly struct SignatureReader
{
    private const int MaxText = 1024;

    /// <summary>Reads a superblock.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="origin">Byte offset of the superblock in it.</param>
    public SignatureReader(BlockSource volume, long origin)
    {
        Volume = volume;
        Origin = origin;
    }

    public BlockSource Volume { get; }

    public long Origin { get; }

    /// <summary>The same volume from another offset on.</summary>
    public SignatureReader At(long origin) => new(Volume, origin);

    public bool TryRead(long offset, Span<byte> destination)
    {
        long at = unchecked(Origin + offset);
        if (Origin < 0 || offset < 0 || at < 0 || at > Volume.Length - destination.Length)
        {
            destination.Clear();
            return false;
        }

        Volume.Read(at, destination);
        return true;
    }

    public bool Has(long offset, ReadOnlySpan<byte> magic)
    {
        Span<byte> raw = stackalloc byte[32];
        raw = raw[..magic.Length];
        return TryRead(offset, raw) && raw.SequenceEqual(magic);
    }

    public byte U8(long offset)
    {
        Span<byte> raw = stackalloc byte[1];
        TryRead(offset, raw);
        return raw[0];
    }

    public ushort U16(long offset)
    {
        Span<byte> raw = stackalloc byte[2];
        TryRead(offset, raw);
        return BinaryPrimitives.ReadUInt16LittleEndian(raw);
    }

    public uint U32(long offset)
    {
        Span<byte> raw = stackalloc byte[4];
        TryRead(offset, raw);
        return BinaryPrimitives.ReadUInt32LittleEndian(raw);
    }

    public ulong U64(long offset)
    {
        Span<byte> raw = stackalloc byte[8];
        TryRead(offset, raw);
        return BinaryPrimitives.ReadUInt64LittleEndian(raw);
    }

    public ushort BigU16(long offset) => BinaryPrimitives.ReverseEndianness(U16(offset));

    public uint BigU32(long offset) => BinaryPrimitives.ReverseEndianness(U32(offset));

    public ulong BigU64(long offset) => BinaryPrimitives.ReverseEndianness(U64(offset));

    /// <summary>Text up to a NUL, without spaces at its end: UTF-8, or Latin-1 where it is not; null when
    /// empty.</summary>
    public string? Text(long offset, int length)
    {
        Span<byte> raw = stackalloc byte[Math.Min(length, MaxText)];
        TryRead(offset, raw);
        int end = raw.IndexOf((byte)0);
        ReadOnlySpan<byte> text = (end < 0 ? raw : raw[..end]).TrimEnd(" \t\r\n"u8);
        if (text.IsEmpty)
        {
            return null;
        }

        return System.Text.Unicode.Utf8.IsValid(text) ? Encoding.UTF8.GetString(text) : Encoding.Latin1.GetString(text);
    }

    /// <summary>UTF-16 text of at most <paramref name="length"/> units, up to a NUL; null when empty.</summary>
    public string? Text16(long offset, int length, bool bigEndian = false)
    {
        Span<byte> raw = stackalloc byte[Math.Min(length * 2, MaxText)];
        TryRead(offset, raw);
        Encoding encoding = bigEndian ? Encoding.BigEndianUnicode : Encoding.Unicode;
        string text = encoding.GetString(raw);
        int end = text.IndexOf('\0', StringComparison.Ordinal);
        text = (end < 0 ? text : text[..end]).TrimEnd();
        return text.Length == 0 ? null : text;
    }

    /// <summary>A UUID whose bytes stand in the order they are printed in; null when all are zero.</summary>
    public string? Uuid(long offset)
    {
        Span<byte> raw = stackalloc byte[16];
        TryRead(offset, raw);
        return Format(raw);
    }

    /// <summary>Prints sixteen bytes as a UUID; null when all are zero.</summary>
    public static string? Format(ReadOnlySpan<byte> uuid) => uuid.ContainsAnyExcept((byte)0)
        ? new Guid(uuid, bigEndian: true).ToString("D", CultureInfo.InvariantCulture)
        : null;

    /// <summary>The product, or 2^63 - 1 where it is larger.</summary>
    public static long Product(ulong a, ulong b) => (long)UInt128.Min((UInt128)a * b, long.MaxValue);
}
