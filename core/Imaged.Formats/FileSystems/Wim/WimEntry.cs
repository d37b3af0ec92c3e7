using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Wim;

/// <summary>Attributes of files as Windows has them (FILE_ATTRIBUTE_*), as far as they matter.</summary>
[Flags]
internal enum WimAttributes : uint
{
    /// <summary>Not to be written.</summary>
    ReadOnly = 0x1,

    /// <summary>A directory.</summary>
    Directory = 0x10,

    /// <summary>What it is, its tag says.</summary>
    ReparsePoint = 0x400,

    /// <summary>Encrypted by NTFS: the content is a backup of it that only Windows reads.</summary>
    Encrypted = 0x4000,
}

/// <summary>What Linux knows of a file, as wimlib stores it.</summary>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Mode">Type and permissions.</param>
/// <param name="Device">Number of a device node.</param>
internal readonly record struct WimUnixData(uint Uid, uint Gid, uint Mode, uint Device);

/// <summary>A stream of a file.</summary>
/// <param name="Name">Its name; empty for the content, and for what a reparse point has.</param>
/// <param name="Digest">What it goes by.</param>
internal readonly record struct WimStream(string Name, WimDigest Digest);

/// <summary>An entry of a directory ("Windows Imaging File Format", Microsoft 2007, "Metadata Resource").</summary>
internal sealed record WimEntry
{
    private const int FixedLength = 102;
    private const int StreamLength = 38;
    private const int MaxLength = 1 << 20;
    private const int MaxStreams = 4096;

    // Items behind the names: a tag, a length, bytes; wimlib's for what Linux knows of a file.
    private const int ItemHeader = 8;
    private const uint UnixDataTag = 0x337d_d873;

    private WimEntry()
    {
    }

    /// <summary>Byte offset in the tree.</summary>
    public required long Offset { get; init; }

    /// <summary>Byte offset of the entry behind it.</summary>
    public required long Next { get; init; }

    /// <summary>Attributes.</summary>
    public required WimAttributes Attributes { get; init; }

    /// <summary>Index of its security descriptor; -1 for none.</summary>
    public required int Security { get; init; }

    /// <summary>Byte offset of its children; 0 when it has none.</summary>
    public required long Children { get; init; }

    /// <summary>Creation, last access, last change of the content.</summary>
    public required (Timestamp Created, Timestamp Accessed, Timestamp Modified) Times { get; init; }

    /// <summary>What kind of reparse point it is.</summary>
    public required uint ReparseTag { get; init; }

    /// <summary>Equal for hard links to one file; 0 when there is one name only.</summary>
    public required ulong LinkGroup { get; init; }

    /// <summary>Its name as UTF-8; empty for the root.</summary>
    public required byte[] Name { get; init; }

    /// <summary>What Linux knows of it; null when that is not stored.</summary>
    public required WimUnixData? UnixData { get; init; }

    /// <summary>Its streams, the one without a name that stands in the entry itself first.</summary>
    public required WimStream[] Streams { get; init; }

    /// <summary>Whether its tag says what it is.</summary>
    public bool IsReparsePoint => (Attributes & WimAttributes.ReparsePoint) != 0;

    /// <summary>Reads the entry at an offset.</summary>
    /// <returns>Null where a directory ends.</returns>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public static WimEntry? Read(BlockSource tree, long offset)
    {
        Span<byte> head = stackalloc byte[sizeof(ulong)];
        if (offset < 0 || tree.ReadUpTo(offset, head) < head.Length)
        {
            Throw(offset, "an entry is cut off");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(head);
        if (length <= sizeof(ulong))
        {
            return null;
        }

        if (length is < FixedLength or > MaxLength || (long)length > tree.Length - offset)
        {
            Throw(offset, $"an entry of {length} bytes is outside {FixedLength}..{MaxLength}, or cut off");
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            Span<byte> raw = buffer.AsSpan(0, (int)length);
            tree.Read(offset, raw);
            return Parse(tree, offset, raw);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static WimEntry Parse(BlockSource tree, long offset, ReadOnlySpan<byte> raw)
    {
        WimAttributes attributes = (WimAttributes)BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]);
        int shortLength = BinaryPrimitives.ReadUInt16LittleEndian(raw[98..]);
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(raw[100..]);

        // Each name that is there has a NUL behind it, which is not counted; the last one may lack it.
        int shortBegin = FixedLength + (nameLength == 0 ? 0 : nameLength + 2);
        int namesEnd = shortLength == 0 ? FixedLength + nameLength : shortBegin + shortLength;
        if ((nameLength | shortLength) % 2 != 0 || namesEnd > raw.Length)
        {
            Throw(offset + 98, $"names of {nameLength} and {shortLength} bytes in an entry of {raw.Length}");
        }

        bool isReparsePoint = (attributes & WimAttributes.ReparsePoint) != 0;
        WimDigest digest = WimDigest.Parse(raw[64..]);
        int streams = BinaryPrimitives.ReadUInt16LittleEndian(raw[96..]);
        (WimStream[] all, long next) = ReadStreams(tree, digest, streams, Align(offset + raw.Length));
        ulong children = BinaryPrimitives.ReadUInt64LittleEndian(raw[16..]);
        return new WimEntry
        {
            Offset = offset,
            Next = next,
            Attributes = attributes,
            Security = BinaryPrimitives.ReadInt32LittleEndian(raw[12..]),
            Children = (long)Math.Min(children, long.MaxValue),
            Times = (TimeAt(raw, 40), TimeAt(raw, 48), TimeAt(raw, 56)),
            ReparseTag = isReparsePoint ? BinaryPrimitives.ReadUInt32LittleEndian(raw[88..]) : 0,
            LinkGroup = isReparsePoint ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(raw[88..]),
            Name = NameOf(raw.Slice(FixedLength, nameLength), shortLength == 0 ? [] : raw[shortBegin..namesEnd]),
            UnixData = FindUnixData(raw[Math.Min(raw.Length, ItemsBegin(shortBegin, shortLength))..]),
            Streams = all,
        };
    }

    private static long Align(long offset) => (offset + 7) & ~7L;

    private static int ItemsBegin(int shortBegin, int shortLength) =>
        (int)Align(shortBegin + (shortLength == 0 ? 0 : shortLength + 2));

    private static Timestamp TimeAt(ReadOnlySpan<byte> raw, int offset) =>
        WindowsTime.From(BinaryPrimitives.ReadUInt64LittleEndian(raw[offset..]));

    // A name that Linux cannot have, because it is longer than 255 bytes, is replaced by the short one.
    private static byte[] NameOf(ReadOnlySpan<byte> name, ReadOnlySpan<byte> shortName)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Encoding.Unicode.GetString(name));
        return bytes.Length <= byte.MaxValue || shortName.IsEmpty
            ? bytes
            : Encoding.UTF8.GetBytes(Encoding.Unicode.GetString(shortName));
    }

    private static (WimStream[] Streams, long Next) ReadStreams(
        BlockSource tree, WimDigest first, int count, long offset)
    {
        if (count > MaxStreams)
        {
            Throw(offset, $"{count} streams of one file are above {MaxStreams}");
        }

        WimStream[] streams = new WimStream[count + 1];
        streams[0] = new(string.Empty, first);
        Span<byte> raw = stackalloc byte[StreamLength];
        for (int i = 1; i <= count; i++)
        {
            if (tree.ReadUpTo(offset, raw) < raw.Length)
            {
                Throw(offset, "a stream is cut off");
            }

            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(raw);
            int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(raw[36..]);
            if (length < (ulong)(StreamLength + nameLength) || length > (ulong)(tree.Length - offset)
                || nameLength % 2 != 0)
            {
                Throw(offset, $"a stream with a name of {nameLength} bytes in an entry of {length}");
            }

            byte[] name = tree.ReadBytes(offset + StreamLength, nameLength);
            streams[i] = new(Encoding.Unicode.GetString(name), WimDigest.Parse(raw[16..]));
            offset = Align(offset + (long)length);
        }

        return (streams, offset);
    }

    private static WimUnixData? FindUnixData(ReadOnlySpan<byte> items)
    {
        while (items.Length >= ItemHeader)
        {
            uint tag = BinaryPrimitives.ReadUInt32LittleEndian(items);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(items[4..]);
            items = items[ItemHeader..];
            if (length > items.Length)
            {
                break;
            }

            if (tag == UnixDataTag && length >= 16)
            {
                return new(
                    BinaryPrimitives.ReadUInt32LittleEndian(items),
                    BinaryPrimitives.ReadUInt32LittleEndian(items[4..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(items[8..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(items[12..]));
            }

            items = items[(int)Math.Min(items.Length, Align(length))..];
        }

        return null;
    }

    private static void Throw(long offset, string message) =>
        ImageFormatException.Throw(WimFileSystem.Id, Math.Max(0, offset), message);
}
