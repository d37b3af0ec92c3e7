using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Clonezilla;

/// <summary>The disk: what was saved of its beginning and end, and its partitions where the table has them. All else is
/// zero, also swap, of which only the label is saved.</summary>
internal sealed class ClonezillaDisk
{
    private const int SectorLength = 512;
    private const int MaxHeadLength = 64 << 20;
    private const int MaxTableLength = 1 << 20;

    private readonly List<BlockSource> _parts = [];
    private long _end;

    private ClonezillaDisk()
    {
    }

    /// <summary>What was saved of the partitions.</summary>
    public List<ClonezillaImage> Images { get; } = [];

    /// <summary>For people.</summary>
    public List<KeyValuePair<string, string>> Details { get; } = [];

    /// <summary>What is not as it was.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>The bytes; they stay those of the files.</summary>
    public BlockSource Source { get; private set; } = null!;

    private static ReadOnlySpan<byte> GptMagic => "EFI PART"u8;

    /// <summary>Puts a disk together.</summary>
    /// <exception cref="ImageFormatException">Parts overlap, or one is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">Imaged cannot read one.</exception>
    public static ClonezillaDisk Open(ImageOpener opener, string disk, ClonezillaTable table)
    {
        ClonezillaDisk content = new();
        try
        {
            byte[] head = content.AddHead(opener, disk, table);
            string[] siblings = [.. opener.Siblings!.ListSiblings().Order(StringComparer.Ordinal)];
            foreach (ClonezillaPartition partition in table.Partitions)
            {
                content.AddPartition(opener, siblings, partition);
            }

            content.AddTail(opener, disk, head);
            content.Source = new ConcatSource(content._parts, ownsParts: false);
            return content;
        }
        catch
        {
            content.Images.ForEach(image => image.Dispose());
            throw;
        }
    }

    /// <summary>Checks what was saved of each partition.</summary>
    public void Verify(ImageCheck check) => Images.ForEach(image => image.Verify(check));

    // Boot record, what follows it, and the first GPT, each over the one before.
    private byte[] AddHead(ImageOpener opener, string disk, ClonezillaTable table)
    {
        long first = table.Partitions.IsEmpty ? MaxHeadLength : table.Partitions[0].Offset;
        byte[] record = ReadPart(opener, disk + "-mbr", SectorLength);
        byte[] hidden = ReadPart(opener, disk + "-hidden-data-after-mbr", MaxHeadLength - SectorLength);
        byte[] gpt = ReadPart(opener, disk + "-gpt-1st", MaxTableLength);
        int length = (int)Math.Min(first, Math.Max(SectorLength + hidden.Length, Math.Max(record.Length, gpt.Length)));
        byte[] head = new byte[length];
        Place(hidden, SectorLength, head);
        Place(record, 0, head);
        Place(gpt, 0, head);
        if (record.Length + gpt.Length == 0)
        {
            Warnings.Add($"there is neither '{disk}-mbr' nor '{disk}-gpt-1st': the disk has no partition table");
        }

        Add(new MemorySource(head), 0, head.Length);
        return head;
    }

    private void AddPartition(ImageOpener opener, string[] siblings, ClonezillaPartition partition)
    {
        if (partition.Offset < _end)
        {
            ClonezillaFormat.Throw($"the partition '{partition.Name}' begins before the end of the one before it");
        }

        ClonezillaImage? image = ClonezillaImage.Open(opener, siblings, partition);
        if (image is null)
        {
            bool isSwap = siblings.Contains($"swappt-{partition.Name}.info");
            Details.Add(new(partition.Name, isSwap ? "swap, which is not saved" : "not saved"));
            if (!isSwap)
            {
                Warnings.Add($"the partition '{partition.Name}' is not in the directory: it reads as zero");
            }

            return;
        }

        Images.Add(image);
        Details.Add(new(partition.Name, image.Name));
        Warnings.AddRange(image.Warnings);
        Add(image.Content, partition.Offset, partition.Length);
        AddZeros(partition.End);
    }

    // The second GPT says itself in which sector it is; the first one, where the disk ends.
    private void AddTail(ImageOpener opener, string disk, byte[] head)
    {
        byte[] second = ReadPart(opener, disk + "-gpt-2nd", MaxTableLength);
        int header = SectorStartingWith(second, GptMagic);
        if (header >= 0)
        {
            ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(second.AsSpan(header + 24));
            long offset = (long)Math.Min(sector, long.MaxValue / 1024) * SectorLength - header;
            if (offset >= _end)
            {
                Add(new MemorySource(second), offset, header + SectorLength);
            }
        }

        if (head.Length >= 2 * SectorLength && head.AsSpan(SectorLength).StartsWith(GptMagic))
        {
            ulong last = BinaryPrimitives.ReadUInt64LittleEndian(head.AsSpan(SectorLength + 32));
            AddZeros(((long)Math.Min(last, long.MaxValue / 1024) + 1) * SectorLength);
        }
    }

    // As much of it as fits, behind zeros.
    private void Add(BlockSource source, long offset, long length)
    {
        AddZeros(offset);
        _parts.Add(source.Length > length ? new SliceSource(source, 0, length) : source);
        _end = offset + Math.Min(source.Length, length);
    }

    private void AddZeros(long end)
    {
        if (end > _end)
        {
            _parts.Add(new ZeroSource(end - _end));
            _end = end;
        }
    }

    private static void Place(ReadOnlySpan<byte> bytes, int offset, Span<byte> head)
    {
        int count = Math.Clamp(head.Length - offset, 0, bytes.Length);
        bytes[..count].CopyTo(head[Math.Min(offset, head.Length)..]);
    }

    private static int SectorStartingWith(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> magic)
    {
        for (int i = 0; i + SectorLength <= bytes.Length; i += SectorLength)
        {
            if (bytes[i..].StartsWith(magic))
            {
                return i;
            }
        }

        return -1;
    }

    // A file that is not there is empty.
    private static byte[] ReadPart(ImageOpener opener, string name, int maxLength) =>
        opener.Siblings!.TryOpen(name, out BlockSource file)
            ? file.ReadBytes(0, (int)Math.Min(file.Length, maxLength))
            : [];
}
