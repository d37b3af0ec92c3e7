using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Aff4;

/// <summary>The ZIP file around an image (APPNOTE 6.3, sections 4.3 to 4.5), with ZIP64: its directory is read when it
/// is opened, its members stand in the file as they are. The base library's does not tell where.</summary>
internal sealed class Aff4Zip
{
    private const int EndLength = 22;
    private const int LocatorLength = 20;
    private const int End64Length = 56;
    private const int EntryLength = 46;
    private const int LocalLength = 30;
    private const uint EndSignature = 0x0605_4b50;
    private const uint LocatorSignature = 0x0706_4b50;
    private const uint End64Signature = 0x0606_4b50;
    private const uint EntrySignature = 0x0201_4b50;
    private const uint LocalSignature = 0x0403_4b50;
    private const ushort EncryptedFlag = 1;
    private const ushort Zip64Tag = 1;
    private const int Deflate = 8;

    // A disk of 6 TB has 400,000 members of 120 bytes each; what is held of one is about twice as much.
    private const int MaxDirectoryLength = 64 << 20;
    private const int MaxMembers = 1 << 19;

    // Texts of real images have some KiB; what is held of one may be a hundred times as long.
    private const int MaxTextLength = 2 << 20;

    private readonly BlockSource _file;
    private readonly Dictionary<string, Aff4Member> _members = new(StringComparer.Ordinal);

    /// <summary>Reads the directory.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public Aff4Zip(BlockSource file)
    {
        _file = file;
        byte[] tail = file.ReadBytes(
            Math.Max(0, file.Length - ProbeWindow.WindowLength), (int)Math.Min(file.Length, ProbeWindow.WindowLength));
        int end = FindEnd(tail);
        if (end < 0)
        {
            Throw(file.Length, "there is no end record: the file is cut off, or no ZIP file");
        }

        Comment = Encoding.UTF8.GetString(tail.AsSpan(end + EndLength)).TrimEnd('\0', '\r', '\n', ' ');
        (long offset, long length) = FindDirectory(tail, end);
        if (length > MaxDirectoryLength || offset < 0 || length < 0 || offset > file.Length - length)
        {
            Throw(offset, $"the directory of {length} bytes is not inside the file, or above {MaxDirectoryLength}");
        }

        ReadDirectory(file.ReadBytes(offset, (int)length), offset);
    }

    /// <summary>The file's comment.</summary>
    public string Comment { get; }

    /// <summary>Where the end record stands in the last bytes of a file.</summary>
    /// <returns>-1 when there is none.</returns>
    public static int FindEnd(ReadOnlySpan<byte> tail)
    {
        for (int at = tail.Length - EndLength; at >= 0; at--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail[at..]) == EndSignature
                && at + EndLength + BinaryPrimitives.ReadUInt16LittleEndian(tail[(at + 20)..]) == tail.Length)
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>The comment in the last bytes of a file; empty when there is none.</summary>
    public static ReadOnlySpan<byte> CommentOf(ReadOnlySpan<byte> tail)
    {
        int end = FindEnd(tail);
        return end < 0 ? [] : tail[(end + EndLength)..];
    }

    /// <summary>Whether there is a member of this name.</summary>
    public bool Has(string name) => _members.ContainsKey(name);

    /// <summary>Opens a member that stands in the file as it is.</summary>
    /// <returns>Null when there is none of this name.</returns>
    /// <exception cref="UnsupportedFeatureException">It is compressed.</exception>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public BlockSource? TryOpen(string name)
    {
        if (!_members.TryGetValue(name, out Aff4Member member))
        {
            return null;
        }

        if (member.Method != 0)
        {
            UnsupportedFeatureException.Throw(Aff4Format.Info.Id, $"'{name}', which the ZIP file has compressed,");
        }

        return OpenStored(member, member.Length);
    }

    /// <summary>Reads a short member whole.</summary>
    /// <returns>Null when there is none of this name.</returns>
    /// <exception cref="ImageFormatException">It is damaged, or above 2 MiB.</exception>
    public byte[]? TryRead(string name)
    {
        if (!_members.TryGetValue(name, out Aff4Member member))
        {
            return null;
        }

        if (member.Length > MaxTextLength || member.StoredLength > MaxTextLength)
        {
            Throw(member.Header, $"'{name}' has {member.Length} bytes, which is above {MaxTextLength}");
        }

        using BlockSource stored = OpenStored(member, member.StoredLength);
        byte[] bytes = stored.ReadBytes(0, (int)stored.Length);
        if (member.Method == 0)
        {
            return bytes;
        }

        byte[] decoded = new byte[member.Length];
        if (member.Method != Deflate)
        {
            UnsupportedFeatureException.Throw(Aff4Format.Info.Id, $"ZIP compression {member.Method}");
        }

        if (decoded.Length > 0 && DeflateDecoder.DecodePrefix(bytes, decoded) != decoded.Length)
        {
            Throw(member.Header, $"'{name}' is no deflate data of {member.Length} bytes");
        }

        return decoded;
    }

    private SliceSource OpenStored(Aff4Member member, long length)
    {
        Span<byte> local = stackalloc byte[LocalLength];
        if (_file.ReadUpTo(member.Header, local) < LocalLength
            || BinaryPrimitives.ReadUInt32LittleEndian(local) != LocalSignature)
        {
            Throw(member.Header, "there is no header of a member");
        }

        long begin = member.Header + LocalLength + BinaryPrimitives.ReadUInt16LittleEndian(local[26..])
            + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
        if (begin > _file.Length - length)
        {
            Throw(member.Header, $"a member of {length} bytes is cut off");
        }

        return new SliceSource(_file, begin, length);
    }

    // ZIP64 has an end record of its own, which a locator before the old one finds.
    private (long Offset, long Length) FindDirectory(ReadOnlySpan<byte> tail, int end)
    {
        ReadOnlySpan<byte> record = tail[end..];
        long length = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(record[16..]);
        bool isFull = length == uint.MaxValue || offset == uint.MaxValue
            || BinaryPrimitives.ReadUInt16LittleEndian(record[10..]) == ushort.MaxValue;
        if (!isFull || end < LocatorLength
            || BinaryPrimitives.ReadUInt32LittleEndian(tail[(end - LocatorLength)..]) != LocatorSignature)
        {
            return (offset, length);
        }

        long at = Limit(BinaryPrimitives.ReadUInt64LittleEndian(tail[(end - LocatorLength + 8)..]));
        Span<byte> record64 = stackalloc byte[End64Length];
        if (_file.ReadUpTo(at, record64) < End64Length
            || BinaryPrimitives.ReadUInt32LittleEndian(record64) != End64Signature)
        {
            Throw(at, "there is no ZIP64 end record");
        }

        return (Limit(BinaryPrimitives.ReadUInt64LittleEndian(record64[48..])),
            Limit(BinaryPrimitives.ReadUInt64LittleEndian(record64[40..])));
    }

    private void ReadDirectory(ReadOnlySpan<byte> directory, long offset)
    {
        for (int at = 0; at <= directory.Length - EntryLength;)
        {
            ReadOnlySpan<byte> entry = directory[at..];
            int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(entry[28..]);
            int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(entry[30..]);
            int length = EntryLength + nameLength + extraLength + BinaryPrimitives.ReadUInt16LittleEndian(entry[32..]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry) != EntrySignature || length > entry.Length)
            {
                Throw(offset + at, "an entry of the directory is damaged");
            }

            if ((BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]) & EncryptedFlag) != 0)
            {
                UnsupportedFeatureException.Throw(Aff4Format.Info.Id, "encryption");
            }

            string name = Encoding.UTF8.GetString(entry.Slice(EntryLength, nameLength));
            if (_members.Count == MaxMembers)
            {
                Throw(offset + at, $"the file has more than {MaxMembers} members");
            }

            _members[name] = ParseEntry(entry, entry.Slice(EntryLength + nameLength, extraLength));
            at += length;
        }
    }

    private static Aff4Member ParseEntry(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra)
    {
        ReadOnlySpan<byte> wide = FindZip64(extra);
        long length = Widen(BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]), ref wide);
        long stored = Widen(BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]), ref wide);
        long header = Widen(BinaryPrimitives.ReadUInt32LittleEndian(entry[42..]), ref wide);
        return new(header, stored, length, BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]));
    }

    // The numbers that do not fit, in the order of the entry's own.
    private static ReadOnlySpan<byte> FindZip64(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            int length = Math.Min(extra.Length - 4, BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]));
            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == Zip64Tag)
            {
                return extra.Slice(4, length);
            }

            extra = extra[(4 + length)..];
        }

        return [];
    }

    private static long Widen(uint value, ref ReadOnlySpan<byte> wide)
    {
        if (value != uint.MaxValue || wide.Length < sizeof(ulong))
        {
            return value;
        }

        long number = Limit(BinaryPrimitives.ReadUInt64LittleEndian(wide));
        wide = wide[sizeof(ulong)..];
        return number;
    }

    // No file is as long as 2^62 bytes.
    private static long Limit(ulong value) => (long)Math.Min(value, 1UL << 62);

    [DoesNotReturn]
    private static void Throw(long offset, string message) =>
        ImageFormatException.Throw(Aff4Format.Info.Id, Math.Max(0, offset), message);
}
