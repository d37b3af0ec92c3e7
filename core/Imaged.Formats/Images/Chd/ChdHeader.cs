using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Chd;

/// <summary>The header of a CHD of version 5: 124 bytes, big-endian.</summary>
/// <param name="Codecs">Names of the four codecs that the map may choose from, as numbers; 0 for none.</param>
/// <param name="LogicalLength">Bytes of what is stored, 1 to 2^50.</param>
/// <param name="MapOffset">Byte offset of the map.</param>
/// <param name="MetadataOffset">Byte offset of the first metadata entry; 0 for none.</param>
/// <param name="HunkLength">Bytes of a hunk, 16 to 1 MiB.</param>
/// <param name="UnitLength">Bytes of a unit (sector, CD frame): divides <paramref name="HunkLength"/>.</param>
internal sealed record ChdHeader(
    ImmutableArray<uint> Codecs,
    long LogicalLength,
    long MapOffset,
    long MetadataOffset,
    int HunkLength,
    int UnitLength)
{
    /// <summary>Its bytes.</summary>
    public const int Length = 124;

    /// <summary>Bytes of a SHA-1.</summary>
    public const int DigestLength = 20;

    private const uint Version = 5;
    private const int Sha1Offset = 84;
    private const int ParentOffset = 104;
    private const int CodecCount = 4;
    private const int MinHunkLength = 16;

    // The most that chdman makes.
    private const int MaxHunkLength = 1 << 20;

    private const long MaxLogicalLength = 1L << 50;

    // Numbers of hunks are 32 bits wide in both kinds of maps.
    private const long MaxHunks = 1L << 32;

    /// <summary>Whether hunks are compressed: the first codec says so.</summary>
    public bool IsCompressed => Codecs[0] != 0;

    /// <summary>Number of hunks, 1 to 2^32.</summary>
    public long HunkCount => (LogicalLength + HunkLength - 1) / HunkLength;

    /// <summary>SHA-1 of the content; null when it was not computed.</summary>
    public byte[]? RawSha1 { get; private init; }

    /// <summary>SHA-1 of content and metadata, by which children name their parent; null when it was not
    /// computed.</summary>
    public byte[]? Sha1 { get; private init; }

    /// <summary>The <see cref="Sha1"/> of the parent; null when there is none.</summary>
    public byte[]? ParentSha1 { get; private init; }

    /// <summary>Whether these are the first bytes of a CHD of any version.</summary>
    public static bool IsChd(ReadOnlySpan<byte> head) => head.StartsWith("MComprHD"u8);

    /// <summary>Whether a file is a CHD with this <see cref="Sha1"/>.</summary>
    /// <param name="file">The file.</param>
    /// <param name="sha1">The digest.</param>
    /// <param name="isChild">Whether it has to have a parent itself, or none.</param>
    public static bool HasSha1(BlockSource file, ReadOnlySpan<byte> sha1, bool isChild)
    {
        Span<byte> raw = stackalloc byte[Length];
        return file.ReadUpTo(0, raw) == raw.Length && IsChd(raw)
            && raw.Slice(Sha1Offset, DigestLength).SequenceEqual(sha1)
            && (Digest(raw[ParentOffset..]) is not null) == isChild;
    }

    /// <summary>Reads and checks the header.</summary>
    /// <exception cref="ImageFormatException">A field is out of its range.</exception>
    /// <exception cref="UnsupportedFeatureException">It is of another version.</exception>
    public static ChdHeader Read(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[Length];
        raw = raw[..file.ReadUpTo(0, raw)];
        if (raw.Length < 16 || !IsChd(raw))
        {
            ImageFormatException.Throw(ChdFormat.Id, 0, "there is no header");
        }

        uint version = BinaryPrimitives.ReadUInt32BigEndian(raw[12..]);
        if (version != Version)
        {
            UnsupportedFeatureException.Throw(
                ChdFormat.Id, $"version {version} ('chdman copy' makes version {Version} of older ones)");
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(raw[8..]);
        if (length != Length || raw.Length < Length)
        {
            ImageFormatException.Throw(
                ChdFormat.Id, 8, $"the header has {raw.Length} bytes and says {length}, not {Length}");
        }

        return Parse(raw);
    }

    /// <summary>The name of a codec or metadata entry, for messages: four characters.</summary>
    public static string NameOf(uint tag)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, tag);
        return Encoding.ASCII.GetString(bytes).TrimEnd(' ', '\0');
    }

    private static ChdHeader Parse(ReadOnlySpan<byte> raw)
    {
        ulong logical = BinaryPrimitives.ReadUInt64BigEndian(raw[32..]);
        ulong map = BinaryPrimitives.ReadUInt64BigEndian(raw[40..]);
        ulong metadata = BinaryPrimitives.ReadUInt64BigEndian(raw[48..]);
        uint hunk = BinaryPrimitives.ReadUInt32BigEndian(raw[56..]);
        uint unit = BinaryPrimitives.ReadUInt32BigEndian(raw[60..]);
        if (logical is 0 or > MaxLogicalLength)
        {
            ImageFormatException.Throw(ChdFormat.Id, 32, $"{logical} bytes of content are not in 1 to 2^50");
        }

        if (map > long.MaxValue || metadata > long.MaxValue)
        {
            ImageFormatException.Throw(
                ChdFormat.Id, 40, $"map and metadata are said to stand at bytes {map} and {metadata}");
        }

        if (hunk is < MinHunkLength or > MaxHunkLength)
        {
            ImageFormatException.Throw(
                ChdFormat.Id, 56, $"hunks of {hunk} bytes are not in {MinHunkLength} to {MaxHunkLength}");
        }

        if (unit == 0 || hunk % unit != 0)
        {
            ImageFormatException.Throw(ChdFormat.Id, 60, $"units of {unit} bytes do not divide hunks of {hunk}");
        }

        ImmutableArray<uint>.Builder codecs = ImmutableArray.CreateBuilder<uint>(CodecCount);
        for (int i = 0; i < CodecCount; i++)
        {
            codecs.Add(BinaryPrimitives.ReadUInt32BigEndian(raw[(16 + (i * 4))..]));
        }

        ChdHeader header = new(codecs.MoveToImmutable(), (long)logical, (long)map, (long)metadata, (int)hunk, (int)unit)
        {
            RawSha1 = Digest(raw[64..]),
            Sha1 = Digest(raw[Sha1Offset..]),
            ParentSha1 = Digest(raw[ParentOffset..]),
        };
        if (header.HunkCount > MaxHunks)
        {
            ImageFormatException.Throw(ChdFormat.Id, 32, $"there are {header.HunkCount} hunks, more than {MaxHunks}");
        }

        return header;
    }

    private static byte[]? Digest(ReadOnlySpan<byte> raw) =>
        raw[..DigestLength].ContainsAnyExcept((byte)0) ? raw[..DigestLength].ToArray() : null;
}
