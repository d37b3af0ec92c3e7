using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats.Apple;
using Imaged.Formats.Signatures;

namespace Imaged.Formats.Hfs;

/// <summary>The master directory block (Inside Macintosh: Files, "Master Directory Blocks").</summary>
/// <param name="Offset">Byte offset of the one that was read.</param>
/// <param name="BlockLength">Bytes of an allocation block: a multiple of 512.</param>
/// <param name="TotalBlocks">Allocation blocks.</param>
/// <param name="FreeBlocks">Those that are free.</param>
/// <param name="FirstBlock">Byte offset of the first allocation block.</param>
/// <param name="Files">Files.</param>
/// <param name="Folders">Folders but the root.</param>
/// <param name="IsClean">Whether the volume was unmounted.</param>
/// <param name="Label">Name of the volume; null when it is empty.</param>
/// <param name="Uuid">UUID as blkid prints it; null when there is none.</param>
/// <param name="Overflow">The extents overflow file.</param>
/// <param name="Catalog">The catalog.</param>
internal sealed record HfsMdb(
    long Offset,
    int BlockLength,
    int TotalBlocks,
    int FreeBlocks,
    long FirstBlock,
    uint Files,
    uint Folders,
    bool IsClean,
    string? Label,
    string? Uuid,
    HfsFork Overflow,
    HfsFork Catalog)
{
    private const int PrimaryOffset = 1024;
    private const int SectorSize = 512;
    private const int MaxNameLength = 27;
    private const int CleanlyUnmounted = 1 << 8;

    /// <summary>Whether it is the copy at the end of the volume.</summary>
    public bool IsAlternate => Offset != PrimaryOffset;

    // A version 3 UUID is the MD5 of a name space and the id in the Finder's information.
    private static ReadOnlySpan<byte> NameSpace =>
        [0xb3, 0xe2, 0x0f, 0x39, 0xf2, 0x92, 0x11, 0xd6, 0x97, 0xa4, 0x00, 0x30, 0x65, 0x43, 0xec, 0xac];

    /// <summary>Reads the master directory block, or its copy in the last sector but one; null when the volume is not
    /// one of HFS alone.</summary>
    public static HfsMdb? TryRead(BlockSource volume)
    {
        SignatureReader reader = new(volume, PrimaryOffset);
        if (reader.Has(0, "BD"u8))
        {
            return IsPlain(reader) ? Parse(reader) : null;
        }

        if (volume.IsOneWay)
        {
            return null; // all would be decoded up to the copy
        }

        // A volume that was formatted anew may still have the old copy: the boot blocks must be none or those of a
        // Macintosh, and the catalog where the copy says.
        SignatureReader head = new(volume, 0);
        SignatureReader copy = new(volume, (volume.Length & ~(SectorSize - 1L)) - (2 * SectorSize));
        if (copy.Origin <= PrimaryOffset || !copy.Has(0, "BD"u8) || !IsPlain(copy)
            || !(head.Has(0, "LK"u8) || head.U64(0) == 0))
        {
            return null;
        }

        HfsMdb mdb = Parse(copy);
        long catalog = mdb.FirstBlock + ((long)copy.BigU16(150) * mdb.BlockLength);
        return head.U8(catalog + 8) == HfsNode.Header && head.BigU16(catalog + 32) == SectorSize ? mdb : null;
    }

    /// <summary>Byte offset of the HFS+ volume in the HFS volume around it; -1 when there is none.</summary>
    /// <param name="reader">At the master directory block.</param>
    public static long FindEmbedded(SignatureReader reader) => reader.Has(0, "BD"u8) && reader.Has(124, "H+"u8)
        ? ((long)reader.BigU16(28) * SectorSize) + ((long)reader.BigU16(126) * reader.BigU32(20))
        : -1;

    /// <summary>The UUID that blkid makes of eight bytes of the Finder's information, also of HFS+.</summary>
    /// <param name="reader">At the header.</param>
    /// <param name="offset">Where they stand in it.</param>
    /// <returns>Null when they are zero.</returns>
    public static string? MakeUuid(SignatureReader reader, int offset)
    {
        Span<byte> name = stackalloc byte[24];
        NameSpace.CopyTo(name);
        if (!reader.TryRead(offset, name[16..]) || !name[16..].ContainsAnyExcept((byte)0))
        {
            return null;
        }

        Span<byte> uuid = stackalloc byte[16];
#pragma warning disable CA5351 // The format says MD5; nothing is secret here.
        MD5.HashData(name, uuid);
#pragma warning restore CA5351
        uuid[6] = (byte)(0x30 | (uuid[6] & 0x0f));
        uuid[8] = (byte)(0x80 | (uuid[8] & 0x3f));
        return SignatureReader.Format(uuid);
    }

    private static bool IsPlain(SignatureReader reader) =>
        !reader.Has(124, "H+"u8) && reader.BigU32(20) is >= SectorSize and <= 0x7fffffff
        && reader.BigU32(20) % SectorSize == 0 && reader.U8(36) is >= 1 and <= MaxNameLength;

    private static HfsMdb Parse(SignatureReader reader)
    {
        Span<byte> name = stackalloc byte[reader.U8(36)];
        reader.TryRead(37, name);
        string label = MacRoman.Decode(name).TrimEnd([' ', '\0']);
        int blockLength = (int)reader.BigU32(20);
        return new(
            reader.Origin,
            blockLength,
            reader.BigU16(18),
            reader.BigU16(34),
            (long)reader.BigU16(28) * SectorSize,
            reader.BigU32(84),
            reader.BigU32(88),
            (reader.BigU16(10) & CleanlyUnmounted) != 0,
            label.Length == 0 ? null : label,
            MakeUuid(reader, 116),
            ParseFork(reader, 130),
            ParseFork(reader, 146));
    }

    private static HfsFork ParseFork(SignatureReader reader, int offset)
    {
        byte[] extents = new byte[HfsVolume.Layout.ExtentRecordLength];
        reader.TryRead(offset + 4, extents);
        return new(reader.BigU32(offset), extents);
    }
}
