using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Chd;

/// <summary>The metadata: a linked list of entries with names of four characters.</summary>
internal sealed class ChdMetadata
{
    /// <summary>Geometry of a hard disk.</summary>
    public const uint HardDisk = 0x47444444;

    /// <summary>The image is of a DVD.</summary>
    public const uint Dvd = 0x44564420;

    /// <summary>A track of a CD.</summary>
    public const uint Track = 0x43485452;

    /// <summary>A track of a CD with its gaps.</summary>
    public const uint Track2 = 0x43485432;

    /// <summary>A track of a GD-ROM.</summary>
    public const uint GdTrack = 0x43484744;

    /// <summary>A track of a GD-ROM, older: sound has its low byte first.</summary>
    public const uint OldGdTrack = 0x43484754;

    /// <summary>Frames and sound of a laserdisc.</summary>
    public const uint Laserdisc = 0x41564156;

    /// <summary>All tracks of a CD as numbers.</summary>
    public const uint OldTracks = 0x43484344;

    private const int HeaderLength = 16;
    private const uint CheckedFlag = 1 << 24;
    private const int MaxEntries = 4096;
    private const int MaxTotalLength = 64 << 20;
    private const int MaxTextLength = 4096;

    private readonly BlockSource _file;

    private ChdMetadata(BlockSource file, ImmutableArray<ChdMetadataEntry> entries)
    {
        _file = file;
        Entries = entries;
    }

    /// <summary>The entries in their order.</summary>
    public ImmutableArray<ChdMetadataEntry> Entries { get; }

    /// <summary>Reads the list, not the data.</summary>
    /// <exception cref="ImageFormatException">It leaves the file, has no end, or is too long.</exception>
    public static ChdMetadata Read(BlockSource file, long offset)
    {
        List<ChdMetadataEntry> entries = [];
        Span<byte> raw = stackalloc byte[HeaderLength];
        long total = 0;
        while (offset != 0)
        {
            if (offset < 0 || file.ReadUpTo(offset, raw) < HeaderLength)
            {
                ImageFormatException.Throw(ChdFormat.Id, 48, $"the metadata at {offset} is not inside the file");
            }

            uint flagsAndLength = BinaryPrimitives.ReadUInt32BigEndian(raw[4..]);
            int length = (int)(flagsAndLength & 0xffffff);
            total += length;
            if (length > file.Length - offset - HeaderLength || total > MaxTotalLength || entries.Count == MaxEntries)
            {
                ImageFormatException.Throw(
                    ChdFormat.Id,
                    offset,
                    $"the metadata is not inside the file, or it is more than {MaxEntries} entries or "
                    + $"{MaxTotalLength >> 20} MiB");
            }

            entries.Add(new(
                BinaryPrimitives.ReadUInt32BigEndian(raw),
                (flagsAndLength & CheckedFlag) != 0,
                offset + HeaderLength,
                length));
            offset = unchecked((long)BinaryPrimitives.ReadUInt64BigEndian(raw[8..]));
        }

        return new ChdMetadata(file, [.. entries]);
    }

    /// <summary>Whether there is an entry of this name.</summary>
    public bool Has(uint tag) => Entries.Any(entry => entry.Tag == tag);

    /// <summary>The data of an entry, of a long one its beginning.</summary>
    public byte[] ReadData(ChdMetadataEntry entry) =>
        _file.ReadBytes(entry.Offset, Math.Min(entry.Length, MaxTextLength));

    /// <summary>The fields of an entry of text, <c>NAME:value</c> and so on.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="separator">What stands between them.</param>
    public Dictionary<string, string> ReadFields(ChdMetadataEntry entry, char separator)
    {
        Dictionary<string, string> fields = [];
        foreach (string field in Encoding.ASCII.GetString(ReadData(entry)).TrimEnd('\0').Split(separator))
        {
            int colon = field.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                fields[field[..colon]] = field[(colon + 1)..];
            }
        }

        return fields;
    }

    /// <summary>The SHA-1 of the whole: that of the content, and the sorted names and SHA-1s of all checked
    /// entries.</summary>
    public byte[] ComputeSha1(ReadOnlySpan<byte> contentSha1)
    {
        List<byte[]> records = [];
        foreach (ChdMetadataEntry entry in Entries.Where(entry => entry.IsChecked))
        {
            byte[] record = new byte[4 + ChdHeader.DigestLength];
            BinaryPrimitives.WriteUInt32BigEndian(record, entry.Tag);
            SHA1.HashData(_file.ReadBytes(entry.Offset, entry.Length), record.AsSpan(4));
            records.Add(record);
        }

        records.Sort(static (left, right) => left.AsSpan().SequenceCompareTo(right));
        return SHA1.HashData([.. contentSha1, .. records.SelectMany(record => record)]);
    }
}
