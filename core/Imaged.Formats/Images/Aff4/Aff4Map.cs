using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Aff4;

/// <summary>A stream whose parts are parts of other streams, of which some are symbols (AFF4 standard 1.0, section
/// 4).</summary>
internal sealed class Aff4Map : BlockSource
{
    /// <summary>Member with the entries.</summary>
    public const string EntriesMember = "map";

    /// <summary>Member with the addresses of the streams.</summary>
    public const string TargetsMember = "idx";

    /// <summary>Member with the order in which entries were made.</summary>
    public const string PathMember = "mapPath";

    private const int EntryLength = 28;

    // 32 bytes each are kept.
    private const int MaxEntries = 4 << 20;
    private const int MaxTargets = 65536;

    private readonly Entry[] _entries;
    private readonly BlockSource[] _targets;
    private readonly BlockSource _gap;

    private Aff4Map(long length, Entry[] entries, BlockSource[] targets, BlockSource gap)
    {
        Length = length;
        _entries = entries;
        _targets = targets;
        _gap = gap;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <summary>Bytes of what could not be read when the image was made.</summary>
    public long UnreadableLength => _entries
        .Where(entry => _targets[entry.Target] is Aff4Symbol { IsUnreadable: true })
        .Sum(entry => entry.Length);

    /// <summary>Opens a map.</summary>
    /// <param name="volume">Where it is.</param>
    /// <param name="address">Its address.</param>
    /// <param name="depth">How many maps lead to it.</param>
    public static Aff4Map Open(Aff4Volume volume, string address, int depth)
    {
        long length = volume.Graph.Number(address, "size", long.MaxValue / 2)
            ?? throw new ImageFormatException(Aff4Format.Info.Id, 0, $"the size of '{address}' is missing or wrong");
        string names = Encoding.UTF8.GetString(volume.TryReadMember(address, TargetsMember) ?? []);
        string[] addresses = names.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (addresses.Length is 0 or > MaxTargets)
        {
            ImageFormatException.Throw(
                Aff4Format.Info.Id, 0, $"a map with {addresses.Length} streams, outside 1..{MaxTargets}");
        }

        BlockSource[] targets = [.. addresses.Select(target => volume.OpenStream(target, depth + 1))];
        BlockSource gap = volume.OpenStream(
            volume.Graph.Value(address, "mapGapDefaultStream") ?? Aff4Graph.Schema + "Zero", depth + 1);
        return new(length, ReadEntries(volume, address, length, targets), targets, gap);
    }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            (BlockSource source, long at, long length) = Find(offset);
            int count = (int)Math.Min(length, destination.Length);
            source.Read(at, destination[..count]);
            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        (BlockSource source, long at, long length) = Find(offset);
        Extent extent = source.GetExtent(at);
        return extent with { Offset = offset, Length = Math.Min(extent.Length, length) };
    }

    private static Entry[] ReadEntries(Aff4Volume volume, string address, long length, BlockSource[] targets)
    {
        using BlockSource? map = volume.TryOpenMember(address, EntriesMember);
        if (map is null || map.Length / EntryLength > MaxEntries)
        {
            ImageFormatException.Throw(
                Aff4Format.Info.Id, 0, $"the map of '{address}' is missing, or has more than {MaxEntries} entries");
        }

        Entry[] entries = new Entry[map.Length / EntryLength];
        byte[] raw = new byte[EntryLength * 4096];
        for (int i = 0; i < entries.Length; i++)
        {
            int inside = i % 4096 * EntryLength;
            if (inside == 0)
            {
                _ = map.ReadUpTo((long)i * EntryLength, raw);
            }

            entries[i] = Entry.Parse(raw.AsSpan(inside), length, targets);
        }

        Array.Sort(entries, static (a, b) => a.Offset.CompareTo(b.Offset));
        for (int i = 1; i < entries.Length; i++)
        {
            if (entries[i].Offset < entries[i - 1].Offset + entries[i - 1].Length)
            {
                ImageFormatException.Throw(
                    Aff4Format.Info.Id, 0, $"two entries of a map have the byte {entries[i].Offset}");
            }
        }

        return entries;
    }

    // What stands at a byte, and how far.
    private (BlockSource Source, long Offset, long Length) Find(long offset)
    {
        int low = 0;
        int high = _entries.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_entries[middle].Offset <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low > 0 && offset - _entries[low - 1].Offset < _entries[low - 1].Length)
        {
            Entry entry = _entries[low - 1];
            long inside = offset - entry.Offset;
            return (_targets[entry.Target], entry.TargetOffset + inside, entry.Length - inside);
        }

        long end = low < _entries.Length ? _entries[low].Offset : Length;
        return (_gap, offset, end - offset);
    }

    private readonly record struct Entry(long Offset, long Length, long TargetOffset, int Target)
    {
        public static Entry Parse(ReadOnlySpan<byte> raw, long mapLength, BlockSource[] targets)
        {
            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(raw);
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(raw[8..]);
            ulong targetOffset = BinaryPrimitives.ReadUInt64LittleEndian(raw[16..]);
            uint target = BinaryPrimitives.ReadUInt32LittleEndian(raw[24..]);
            if (target >= targets.Length || offset > (ulong)mapLength || length > (ulong)mapLength - offset
                || targetOffset > (ulong)targets[target].Length
                || length > (ulong)targets[target].Length - targetOffset)
            {
                ImageFormatException.Throw(
                    Aff4Format.Info.Id,
                    0,
                    $"{length} bytes at {offset} of a map of {mapLength} stand at {targetOffset} of stream {target}");
            }

            return new((long)offset, (long)length, (long)targetOffset, (int)target);
        }
    }
}
