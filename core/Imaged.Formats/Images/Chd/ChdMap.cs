using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Images.Chd;

/// <summary>The map of a compressed CHD: a header of 16 bytes, and a bit stream that has first the kinds of all hunks,
/// Huffman-coded, and then what each kind needs.</summary>
internal sealed class ChdMap
{
    private const int HeaderLength = 16;
    private const int KindCodeBits = 8;
    private const int KindCount = 16;

    // 192 MiB in memory: a disk of 64 GiB in hunks of 4 KiB, or more than any disc.
    private const long MaxHunks = 1 << 24;
    private const int MaxMapLength = 128 << 20;

    // Three symbols, of at least a bit each, repeat a kind so often.
    private const int MaxRepetition = 274;

    // Kinds that stand in the stream only: repetitions of the last kind, and copies whose place follows from others.
    private const int RepeatShort = 7;
    private const int RepeatLong = 8;
    private const int SelfAgain = 9;
    private const int SelfNext = 10;
    private const int ParentHere = 11;
    private const int ParentAgain = 12;
    private const int ParentNext = 13;

    private readonly byte[] _entries;

    private ChdMap(byte[] entries) => _entries = entries;

    /// <summary>What is said about a hunk; of a copy of another hunk that is no copy itself.</summary>
    public ChdMapEntry this[long hunk] => ChdMapEntry.Parse(_entries.AsSpan((int)hunk * ChdMapEntry.Length));

    /// <summary>Reads and checks the map.</summary>
    /// <exception cref="ImageFormatException">It is damaged, or too large.</exception>
    public static ChdMap Read(BlockSource file, ChdHeader header)
    {
        Span<byte> raw = stackalloc byte[HeaderLength];
        long at = header.MapOffset;
        if (file.ReadUpTo(at, raw) < HeaderLength)
        {
            ImageFormatException.Throw(ChdFormat.Id, 40, $"the map at {at} is not inside the file");
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(raw);
        if (length > MaxMapLength || length > file.Length - at - HeaderLength)
        {
            ImageFormatException.Throw(ChdFormat.Id, at, $"a map of {length} bytes is not inside the file");
        }

        if (header.HunkCount > MaxHunks || header.HunkCount > length * 8L * MaxRepetition)
        {
            ImageFormatException.Throw(
                ChdFormat.Id, 32, $"there are {header.HunkCount} hunks; a map of {length} bytes cannot have so many, "
                + $"or they are more than {MaxHunks}");
        }

        byte[] entries = new byte[header.HunkCount * ChdMapEntry.Length];
        BitReader bits = new(file.ReadBytes(at + HeaderLength, (int)length));
        ReadKinds(ref bits, entries, at);
        ReadPlaces(ref bits, entries, raw, header);
        ushort crc = BinaryPrimitives.ReadUInt16BigEndian(raw[10..]);
        if (Crc16.Update(ChdSource.CrcStart, entries) != crc)
        {
            ImageFormatException.Throw(ChdFormat.Id, at + 10, "the checksum of the map is wrong");
        }

        Resolve(entries, at);
        return new ChdMap(entries);
    }

    private static void ReadKinds(ref BitReader bits, Span<byte> entries, long at)
    {
        Span<byte> lengths = stackalloc byte[KindCount];
        Span<ushort> table = stackalloc ushort[1 << KindCodeBits];
        if (!ChdHuffman.TryReadLengths(ref bits, lengths) || !ChdHuffman.TryMakeTable(lengths, KindCodeBits, table))
        {
            ImageFormatException.Throw(ChdFormat.Id, at, "the code of the map is damaged");
        }

        int last = 0;
        int repeat = 0;
        for (int i = 0; i < entries.Length; i += ChdMapEntry.Length)
        {
            if (repeat > 0)
            {
                repeat--;
                entries[i] = (byte)last;
                continue;
            }

            int kind = ReadKind(ref bits, table, at);
            switch (kind)
            {
                case RepeatShort:
                    repeat = 2 + ReadKind(ref bits, table, at);
                    break;
                case RepeatLong:
                    repeat = 2 + 16 + (ReadKind(ref bits, table, at) * 16) + ReadKind(ref bits, table, at);
                    break;
                case <= ParentNext:
                    last = kind;
                    break;
                default:
                    ImageFormatException.Throw(ChdFormat.Id, at, $"the map has hunks of the unknown kind {kind}");
                    break;
            }

            entries[i] = (byte)last;
        }
    }

    private static int ReadKind(ref BitReader bits, scoped ReadOnlySpan<ushort> table, long at)
    {
        int kind = ChdHuffman.Read(ref bits, table, KindCodeBits);
        if (kind < 0 || bits.IsExhausted)
        {
            ImageFormatException.Throw(ChdFormat.Id, at, "the map is damaged or cut off");
        }

        return kind;
    }

    private static void ReadPlaces(
        ref BitReader bits, Span<byte> entries, scoped ReadOnlySpan<byte> raw, ChdHeader header)
    {
        long next = ((long)BinaryPrimitives.ReadUInt16BigEndian(raw[4..]) << 32)
            | BinaryPrimitives.ReadUInt32BigEndian(raw[6..]);
        int lengthBits = raw[12];
        int selfBits = raw[13];
        int parentBits = raw[14];
        if (lengthBits > 24 || selfBits > 32 || parentBits > 32)
        {
            ImageFormatException.Throw(
                ChdFormat.Id, header.MapOffset + 12, $"the map has fields of {lengthBits}, {selfBits} and {parentBits} "
                + "bits, where 24, 32 and 32 are the most");
        }

        int units = header.HunkLength / header.UnitLength;
        long self = 0;
        long parent = 0;
        for (int i = 0; i < entries.Length; i += ChdMapEntry.Length)
        {
            int kind = entries[i];
            self = kind switch
            {
                ChdMapEntry.Self => bits.Read(selfBits),
                SelfNext => self + 1,
                _ => self,
            };
            parent = kind switch
            {
                ChdMapEntry.Parent => bits.Read(parentBits),
                ParentHere => (long)(i / ChdMapEntry.Length) * units,
                ParentNext => parent + units,
                _ => parent,
            };
            ChdMapEntry entry = kind switch
            {
                ChdMapEntry.Self or SelfAgain or SelfNext => new(ChdMapEntry.Self, 0, self, 0),
                ChdMapEntry.Parent or >= ParentHere => new(ChdMapEntry.Parent, 0, parent, 0),
                _ => new(
                    kind,
                    kind == ChdMapEntry.Plain ? header.HunkLength : (int)bits.Read(lengthBits),
                    next,
                    (ushort)bits.Read(16)),
            };
            next += entry.StoredLength;
            if (bits.IsExhausted || entry.Offset > ChdMapEntry.MaxOffset)
            {
                ImageFormatException.Throw(
                    ChdFormat.Id, header.MapOffset, $"the map is cut off at hunk {i / ChdMapEntry.Length}");
            }

            entry.Write(entries[i..]);
        }
    }

    // A copy is of a hunk before it, so there are no circles; a copy of a copy becomes one of what that is a copy of.
    private static void Resolve(Span<byte> entries, long at)
    {
        for (int i = 0; i < entries.Length; i += ChdMapEntry.Length)
        {
            ChdMapEntry entry = ChdMapEntry.Parse(entries[i..]);
            if (entry.Kind != ChdMapEntry.Self)
            {
                continue;
            }

            if (entry.Offset >= i / ChdMapEntry.Length)
            {
                ImageFormatException.Throw(
                    ChdFormat.Id, at, $"hunk {i / ChdMapEntry.Length} is to be a copy of the later {entry.Offset}");
            }

            ChdMapEntry original = ChdMapEntry.Parse(entries[((int)entry.Offset * ChdMapEntry.Length)..]);
            if (original.Kind == ChdMapEntry.Self)
            {
                original.Write(entries[i..]);
            }
        }
    }
}
