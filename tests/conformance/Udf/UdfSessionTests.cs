using System.Buffers.Binary;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Udf;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Udf;

/// <summary>Volumes that were written in several goes.</summary>
public sealed class UdfSessionTests
{
    private const int Block = 2048;

    [Theory]
    [InlineData("blkid/udf-multi-0-320-640-mkudffs.img.xz")]
    [InlineData("blkid/udf-multi-0-417-834-genisoimage.img.xz")]
    public void Each_session_of_a_sample_is_found(string sample)
    {
        using BlockSource volume = Samples.Open(sample);
        AssertLabels(volume, "first session", "second session", "third session");
    }

    [Theory]
    [InlineData("cdr", "1.50")]
    [InlineData("cdr", "2.01")]
    [InlineData("dvdr", "2.01")]
    public void Sessions_of_mkudffs_are_found_by_their_numbers(string media, string revision)
    {
        Requires.Tool("mkudffs");
        using TemporaryFolder folder = new();
        string image = folder["image"];

        // Each volume with a table goes on where the one before ends.
        string[] labels = ["one", "two", "three", "four"];
        int start = 0;
        foreach (string label in labels)
        {
            Tool.Shell($"""
                truncate -s 16M '{image}'
                mkudffs --media-type={media} --udfrev={revision} --label={label} --startblock={start} '{image}'
                """);
            byte[] bytes = File.ReadAllBytes(image);
            int end = (bytes.AsSpan().LastIndexOfAnyExcept((byte)0) / Block) + 1;
            File.WriteAllBytes(image, bytes[..(end * Block)]);
            start = (end + 15) / 16 * 16;
        }

        using (FileSource volume = FileSource.Open(image))
        {
            AssertLabels(volume, labels);
        }

        Tool.Shell($"truncate -s +20M '{image}'");
        using FileSource grown = FileSource.Open(image);
        AssertLabels(grown, labels);
    }

    [Theory]
    [InlineData("vat-1.50")]
    [InlineData("vat-2.01")]
    public void Each_virtual_allocation_table_is_a_session(string name)
    {
        // What a writer adds that changes the permissions of a file: a copy of its entry, and a table that leads there.
        byte[] image = UdfSample.Bytes(name);
        string[] before = UdfSample.KernelListing(name);
        string[] after = before;
        for (int i = 1; i <= 2; i++)
        {
            (image, after) = AddTable(image, after, permissions: i);
        }

        byte[] padded = [.. image, .. new byte[100 * Block]];
        using MemorySource volume = new(padded);
        using FileTree newest = UdfSample.OpenTree(volume);
        Assert.Equal(after, UdfSample.Listing(newest));
        Assert.Contains(
            newest.Volume.Details,
            detail => detail is { Key: "Virtual allocation tables", Value: "3, number 3 is shown" });
        using FileTree first = Open(volume, 1);
        Assert.Equal(before, UdfSample.Listing(first));
        using FileTree second = Open(volume, 2);
        Assert.Equal(1, TreeWalk.Find(second, "tiny").Permissions);
        using FileTree third = Open(volume, 3);
        Assert.Equal(after, UdfSample.Listing(third));
        Assert.Throws<UnsupportedFeatureException>(() => Open(volume, 4));
        Assert.Throws<UnsupportedFeatureException>(() => Open(volume, 0));
    }

    [Fact]
    public void Tables_that_lead_to_themselves_or_behind_themselves_end_the_chain()
    {
        byte[] image = UdfSample.Bytes("vat-2.01");
        int table = image.Length - Block;
        int content = ContentOffset(image, table);
        uint own = BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(table + 12));
        foreach (uint previous in new[] { own, own + 1, own - 1, uint.MaxValue - 1 })
        {
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(content + 132), previous);
            UdfSample.Seal(image, table);
            using FileTree tree = UdfSample.OpenTree(new MemorySource(image));
            Assert.DoesNotContain(tree.Volume.Details, detail => detail.Key == "Virtual allocation tables");
        }
    }

    [Fact]
    public void A_hole_of_any_length_behind_the_last_table_costs_no_reading()
    {
        using ConcatSource volume = new([UdfSample.Open("vat-2.01"), new ZeroSource(7L << 40)], ownsParts: true);
        using FileTree tree = UdfSample.OpenTree(volume);
        Assert.Equal(UdfSample.KernelListing("vat-2.01"), UdfSample.Listing(tree));
    }

    [Fact]
    public void The_search_for_the_written_end_reads_no_more_than_it_may()
    {
        using MemorySource zeros = new(new byte[9 << 20]);
        Assert.Equal(4 << 20, UdfWrittenEnd.Find(zeros, 5 << 20));
        Assert.Equal(0, UdfWrittenEnd.Find(zeros, 1 << 30));
        byte[] bytes = new byte[9 << 20];
        bytes[5000] = 1;
        using MemorySource one = new(bytes);
        Assert.Equal(6144, UdfWrittenEnd.Find(one, 1 << 30));
    }

    private static void AssertLabels(BlockSource volume, params string[] labels)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            using FileTree tree = Open(volume, i + 1);
            Assert.Equal(labels[i], tree.Volume.Label);
        }

        using FileTree last = UdfSample.OpenTree(volume);
        Assert.Equal(labels[^1], last.Volume.Label);
        Assert.Equal(labels[^1], UdfFileSystem.Probe(volume)!.Label);
        UnsupportedFeatureException error =
            Assert.Throws<UnsupportedFeatureException>(() => Open(volume, labels.Length + 1));
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"of a volume with {labels.Length}"),
            error.Message,
            StringComparison.Ordinal);
    }

    private static FileTree Open(BlockSource volume, int session) =>
        UdfFileSystem.Open(volume, new(new BlockCache(8 << 20)) { Session = session });

    // Behind the image: a copy of the entry of the file "tiny" with other permissions, then a copy of the newest
    // table's content and ICB that lead to the copy and to the table before.
    private static (byte[] Image, string[] Listing) AddTable(byte[] image, string[] listing, int permissions)
    {
        int oldTable = image.Length - Block;
        int start = (oldTable / Block) - (int)BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(oldTable + 12));
        int oldEntry;
        uint number;
        using (FileTree tree = UdfSample.OpenTree(new MemorySource(image)))
        {
            ulong id = TreeWalk.Find(tree, "tiny").Id;
            Assert.True(UdfAddress.TryFromNodeId(id, out UdfAddress address));
            number = address.Block;
            oldEntry = UdfSample.Offset(image, id);
        }

        // The file's entry.
        bool isOld = image[oldTable + 27] == 0;
        int contentBlocks = isOld ? 1 : 0;
        byte[] added = [.. image, .. new byte[(2 + contentBlocks) * Block]];
        int entry = image.Length;
        int table = added.Length - Block;
        image.AsSpan(oldEntry, Block).CopyTo(added.AsSpan(entry));
        BinaryPrimitives.WriteInt32LittleEndian(added.AsSpan(entry + 44), permissions);
        UdfSample.Seal(added, entry);

        // The table's ICB, and its content: in the ICB itself, or in a block before it.
        image.AsSpan(oldTable, Block).CopyTo(added.AsSpan(table));
        uint block = (uint)((table / Block) - start);
        int content = ContentOffset(added, table);
        if (isOld)
        {
            int before = ContentOffset(image, oldTable);
            content = table - Block;
            image.AsSpan(before, Block).CopyTo(added.AsSpan(content));
            BinaryPrimitives.WriteUInt32LittleEndian(
                added.AsSpan(AllocationOffset(added, table) + 4), block - 1);
        }

        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(added.AsSpan(table + 56));
        int previous = isOld ? content + length - 4 : content + 132;
        int entries = isOld ? content : content + 152;
        BinaryPrimitives.WriteUInt32LittleEndian(added.AsSpan(previous), (uint)((oldTable / Block) - start));
        BinaryPrimitives.WriteUInt32LittleEndian(
            added.AsSpan(entries + ((int)number * 4)), (uint)((entry / Block) - start));
        BinaryPrimitives.WriteUInt32LittleEndian(added.AsSpan(table + 12), block);
        UdfSample.Seal(added, table);
        string mode = Convert.ToString(permissions, 8);
        return (added, [.. listing.Select(line => ReplaceMode(line, "tiny", mode))]);
    }

    private static string ReplaceMode(string line, string path, string mode)
    {
        string[] fields = line.Split('\t');
        if (fields[0] == path)
        {
            fields[2] = mode;
        }

        return string.Join('\t', fields);
    }

    private static int AllocationOffset(byte[] image, int icb)
    {
        bool isExtended = BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(icb)) == 0x10A;
        int attributes = BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan(icb + (isExtended ? 208 : 168)));
        return icb + (isExtended ? 216 : 176) + attributes;
    }

    // Byte offset of a table's content: in its ICB, or where its only run is.
    private static int ContentOffset(byte[] image, int icb)
    {
        int allocation = AllocationOffset(image, icb);
        if ((image[icb + 34] & 7) == 3)
        {
            return allocation;
        }

        int start = (icb / Block) - (int)BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(icb + 12));
        return (start + (int)BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(allocation + 4))) * Block;
    }
}
