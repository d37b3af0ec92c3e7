using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Lvm;

/// <summary>What of an LVM physical volume is in use: label, metadata, and the extents that segments of logical volumes
/// have on it.</summary>
internal sealed class LvmUsedBlocks : IUsedBlockMap
{
    /// <summary>As blkid names it.</summary>
    public const string Id = "LVM2_member";

    private const int SectorSize = 512;
    private const int AreaHeaderLength = 512;
    private const int LocationsOffset = 40;
    private const int LocationLength = 24;
    private const uint IgnoredFlag = 1;

    // LVM itself warns from some MiB on.
    private const int MaxTextLength = 4 << 20;

    private readonly BlockSource _volume;
    private readonly LvmLabel _label;

    private LvmUsedBlocks(BlockSource volume, LvmLabel label)
    {
        _volume = volume;
        _label = label;
    }

    public static string FileSystem => Id;

    private static ReadOnlySpan<byte> AreaMagic => " LVM2 x[5A%r0N*>"u8;

    public static UsedBlocks Read(BlockSource volume) => new LvmUsedBlocks(volume, LvmLabel.Read(volume)).Read();

    private UsedBlocks Read()
    {
        LvmSection? newest = null;
        long sequence = -1;
        foreach (BlockRange area in _label.Areas)
        {
            if (ReadArea(area) is { } text)
            {
                LvmSection group = LvmText.Parse(text).Sections.Values.FirstOrDefault()
                    ?? throw new ImageFormatException(Id, area.Offset, "the metadata names no volume group");
                long number = group.Number("seqno");
                (newest, sequence) = number > sequence ? (group, number) : (newest, sequence);
            }
        }

        return newest is null
            ? UsedBlocks.Whole(_volume.Length, Id, "it has no metadata that says what is in use")
            : Read(newest);
    }

    private UsedBlocks Read(LvmSection group)
    {
        (string name, LvmSection own) = group.Section("physical_volumes").Sections.FirstOrDefault(
            pair => pair.Value.Text("id")?.Replace("-", string.Empty, StringComparison.Ordinal) == _label.Id);
        if (own is null)
        {
            ImageFormatException.Throw(Id, 0, "the volume group does not know this physical volume");
        }

        long sectors = _volume.Length / SectorSize;
        long extent = group.Number("extent_size");
        long start = own.Number("pe_start");
        long count = own.Number("pe_count");
        if (extent == 0 || start == 0 || start > sectors || count > (sectors - start) / extent)
        {
            ImageFormatException.Throw(
                Id, 0, $"{count} extents of {extent} sectors from sector {start} on, in a volume of {sectors}");
        }

        BlockSet used = new(_volume.Length);
        long end = (start + (count * extent)) * SectorSize;
        used.Mark(0, start * SectorSize);
        used.Mark(end, _volume.Length - end);
        foreach (BlockRange area in _label.Areas.Concat(_label.Others))
        {
            used.Mark(area.Offset, area.Length);
        }

        foreach (LvmSection segment in Segments(group))
        {
            foreach ((long first, long length) in ExtentsOn(name, segment))
            {
                if (first > count || length > count - first)
                {
                    ImageFormatException.Throw(Id, 0, $"a segment has extents {first} to {first + length} of {count}");
                }

                used.Mark((start + (first * extent)) * SectorSize, length * extent * SectorSize);
            }
        }

        return new(Id, used);
    }

    // A volume group without logical volumes has no section of them.
    private static IEnumerable<LvmSection> Segments(LvmSection group) =>
        group.Sections.GetValueOrDefault("logical_volumes") is { } volumes
            ? volumes.Sections.Values.SelectMany(volume => volume.Sections)
                .Where(pair => pair.Key.StartsWith("segment", StringComparison.Ordinal)).Select(pair => pair.Value)
            : [];

    // Lists like stripes = ["pv0", 12, "pv1", 0]: the first extent on each physical volume. Those of other kinds of
    // segments name logical volumes instead, but are looked through, too.
    private static IEnumerable<(long First, long Length)> ExtentsOn(string name, LvmSection segment)
    {
        long extents = segment.Number("extent_count");
        if (extents > uint.MaxValue)
        {
            ImageFormatException.Throw(Id, 0, $"a segment of {extents} extents");
        }

        foreach ((string key, object value) in segment.Values)
        {
            if (value is not List<object> list)
            {
                continue;
            }

            long parts = 1;
            if (key == "stripes" && segment.Text("type") == "striped")
            {
                parts = segment.Number("stripe_count");
                if (parts == 0 || extents % parts != 0 || list.Count != 2 * parts)
                {
                    ImageFormatException.Throw(Id, 0, $"{extents} extents in {parts} stripes");
                }
            }

            for (int i = 0; i < list.Count; i++)
            {
                if (list[i] is string text && text == name)
                {
                    yield return i + 1 < list.Count && list[i + 1] is long and >= 0 and <= uint.MaxValue and long first
                        ? (first, extents / parts)
                        : throw new ImageFormatException(Id, 0, $"'{key}' has no extent behind '{name}'");
                }
            }
        }
    }

    // The text in a metadata area, a circle behind its header; null where none is, or it does not count.
    private byte[]? ReadArea(BlockRange area)
    {
        byte[] raw = new byte[AreaHeaderLength];
        if (area.Length < AreaHeaderLength)
        {
            ImageFormatException.Throw(Id, area.Offset, $"a metadata area of {area.Length} bytes");
        }

        _volume.Read(area.Offset, raw);
        if (BinaryPrimitives.ReadUInt32LittleEndian(raw) != LvmLabel.Checksum(raw.AsSpan(4))
            || !raw.AsSpan(4).StartsWith(AreaMagic) || U64(raw, 24) != (ulong)area.Offset
            || U64(raw, 32) != (ulong)area.Length)
        {
            ImageFormatException.Throw(Id, area.Offset, "the header of a metadata area is damaged");
        }

        ulong offset = U64(raw, LocationsOffset);
        ulong length = U64(raw, LocationsOffset + 8);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(LocationsOffset + 20));
        if (U64(raw, LocationsOffset + LocationLength + 8) != 0)
        {
            UnsupportedFeatureException.Throw(Id, "a change of the volume group that is not committed");
        }

        if (offset == 0 || (flags & IgnoredFlag) != 0)
        {
            return null;
        }

        if (length is 0 or > MaxTextLength || length > (ulong)area.Length - AreaHeaderLength
            || offset < AreaHeaderLength || offset >= (ulong)area.Length)
        {
            ImageFormatException.Throw(Id, area.Offset, $"metadata of {length} bytes at byte {offset} of its area");
        }

        byte[] text = new byte[length];
        int before = (int)Math.Min(length, (ulong)area.Length - offset);
        _volume.Read(area.Offset + (long)offset, text.AsSpan(0, before));
        _volume.Read(area.Offset + AreaHeaderLength, text.AsSpan(before));
        return LvmLabel.Checksum(text) == BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(LocationsOffset + 16))
            ? text
            : throw new ImageFormatException(Id, area.Offset, "the checksum of the metadata is wrong");
    }

    private static ulong U64(byte[] raw, int at) => BinaryPrimitives.ReadUInt64LittleEndian(raw.AsSpan(at));
}
