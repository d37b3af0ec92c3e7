using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Wim;

/// <summary>How the chunks of a resource are compressed.</summary>
internal enum WimCompression
{
    /// <summary>Not.</summary>
    None,

    /// <summary>XPRESS with Huffman codes.</summary>
    Xpress,

    /// <summary>LZX.</summary>
    Lzx,

    /// <summary>LZMS.</summary>
    Lzms,
}

/// <summary>Header of a part ("Windows Imaging File Format", Microsoft 2007, "Header").</summary>
/// <param name="Version">Version; <see cref="SolidVersion"/> where resources may be solid.</param>
/// <param name="Compression">Of all resources that are compressed.</param>
/// <param name="ChunkLength">Length of their chunks in bytes.</param>
/// <param name="Id">Equal in all parts.</param>
/// <param name="Part">Number of this part, from 1.</param>
/// <param name="Parts">How many there are.</param>
/// <param name="Images">How many directory trees it has.</param>
/// <param name="BootImage">Which of them is booted; 0 for none.</param>
/// <param name="Table">The table of resources.</param>
/// <param name="Xml">What is said of the images.</param>
/// <param name="Integrity">Digests of the part; may be empty.</param>
internal sealed record WimHeader(
    uint Version, WimCompression Compression, int ChunkLength, Guid Id, int Part, int Parts, int Images,
    uint BootImage, WimResource Table, WimResource Xml, WimResource Integrity)
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 208;

    /// <summary>Version of files with solid resources (<c>.esd</c>).</summary>
    public const uint SolidVersion = 0xe00;

    private const uint PlainVersion = 0x10d00;
    private const int DefaultChunkLength = 32768;
    private const int MaxChunkLength = 64 << 20;

    [Flags]
    private enum HeaderFlags : uint
    {
        Compressed = 0x2,
        Xpress = 0x20000,
        Lzx = 0x40000,
        Lzms = 0x80000,
    }

    private static ReadOnlySpan<byte> Magic => "MSWIM\0\0\0"u8;

    // wimlib's files that can be written to a pipe: headers stand before each resource.
    private static ReadOnlySpan<byte> PipableMagic => "WLPWM\0\0\0"u8;

    /// <summary>Version for people.</summary>
    public string VersionText =>
        string.Create(CultureInfo.InvariantCulture, $"{Version >> 16}.{(Version >> 8) & 0xff}");

    /// <summary>Name of the compression.</summary>
    public string Method => Compression.ToString().ToUpperInvariant();

    /// <summary>Compression for people.</summary>
    public string CompressionText => Compression == WimCompression.None
        ? "none"
        : string.Create(CultureInfo.InvariantCulture, $"{Method}, chunks of {ChunkLength} bytes");

    /// <summary>Byte offset behind the part, as far as its header tells: table, XML and digests are its end.</summary>
    public long End => Math.Max(Length, Math.Max(Table.End, Math.Max(Xml.End, Integrity.End)));

    /// <summary>Whether a file begins like a part.</summary>
    public static bool IsMagic(ReadOnlySpan<byte> head) => head.StartsWith(Magic) || head.StartsWith(PipableMagic);

    /// <summary>Reads the header at an offset.</summary>
    /// <exception cref="ImageFormatException">There is none, or it is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">Its version is unknown.</exception>
    public static WimHeader Read(BlockSource source, long offset)
    {
        Span<byte> raw = stackalloc byte[Length];
        if (source.ReadUpTo(offset, raw) < Length || !IsMagic(raw))
        {
            Throw(offset, "there is no header");
        }

        if (raw.StartsWith(PipableMagic))
        {
            UnsupportedFeatureException.Throw(WimFileSystem.Id, "a pipable WIM (wimoptimize makes it a plain one)");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(raw[12..]);
        if (version is not (PlainVersion or SolidVersion))
        {
            UnsupportedFeatureException.Throw(WimFileSystem.Id, $"version 0x{version:x}");
        }

        HeaderFlags flags = (HeaderFlags)BinaryPrimitives.ReadUInt32LittleEndian(raw[16..]);
        int part = BinaryPrimitives.ReadUInt16LittleEndian(raw[40..]);
        int parts = BinaryPrimitives.ReadUInt16LittleEndian(raw[42..]);
        uint images = BinaryPrimitives.ReadUInt32LittleEndian(raw[44..]);
        if (part == 0 || part > parts)
        {
            Throw(offset + 40, $"part {part} of {parts} is outside 1..{parts}");
        }

        return new(
            version,
            CompressionOf(flags),
            ChunkLengthOf(flags, BinaryPrimitives.ReadUInt32LittleEndian(raw[20..]), offset),
            new Guid(raw.Slice(24, 16)),
            part,
            parts,
            (int)Math.Min(images, int.MaxValue),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[120..]),
            WimResource.Parse(raw[48..]),
            WimResource.Parse(raw[72..]),
            WimResource.Parse(raw[124..]));
    }

    private static WimCompression CompressionOf(HeaderFlags flags)
    {
        if (!flags.HasFlag(HeaderFlags.Compressed))
        {
            return WimCompression.None;
        }

        if (flags.HasFlag(HeaderFlags.Lzms))
        {
            return WimCompression.Lzms;
        }

        return flags.HasFlag(HeaderFlags.Lzx) ? WimCompression.Lzx
            : flags.HasFlag(HeaderFlags.Xpress) ? WimCompression.Xpress
            : throw new UnsupportedFeatureException(WimFileSystem.Id, $"compression with flags 0x{(uint)flags:x}");
    }

    private static int ChunkLengthOf(HeaderFlags flags, uint length, long offset)
    {
        if (!flags.HasFlag(HeaderFlags.Compressed))
        {
            return DefaultChunkLength;
        }

        if (!BitOperations.IsPow2(length) || length is < 4096 or > MaxChunkLength)
        {
            Throw(offset + 20, $"chunks of {length} bytes are no power of two in 4096..{MaxChunkLength}");
        }

        return (int)length;
    }

    private static void Throw(long offset, string message) =>
        ImageFormatException.Throw(WimFileSystem.Id, offset, message);
}
