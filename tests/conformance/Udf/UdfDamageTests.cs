using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Udf;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Udf;

/// <summary>Volumes that the kernel filled, damaged or changed in one place.</summary>
public class UdfDamageTests
{
    private const int Block = 2048;

    [Fact]
    public void The_reserve_descriptors_stand_for_damaged_ones()
    {
        byte[] image = UdfSample.Bytes("dvdram-1.02");
        int main = BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan((256 * Block) + 20));
        image.AsSpan(main * Block, 16 * Block).Fill(0x55);
        string[] warnings = AssertReadsAs("dvdram-1.02", image);
        Assert.Contains("the main volume descriptors are damaged, the reserve copy is used", warnings);
    }

    [Fact]
    public void The_last_anchors_stand_for_the_first()
    {
        byte[] image = UdfSample.Bytes("dvdram-1.02");
        image.AsSpan(256 * Block, Block).Clear();
        AssertReadsAs("dvdram-1.02", image);
    }

    [Fact]
    public void Zeros_behind_the_volume_hide_nothing()
    {
        byte[] image = UdfSample.Bytes("dvdram-1.02");
        image.AsSpan(256 * Block, Block).Clear();
        AssertReadsAs("dvdram-1.02", [.. image, .. new byte[(3 << 20) + 512]]);
        AssertReadsAs("vat-1.50", [.. UdfSample.Bytes("vat-1.50"), .. new byte[3 << 20]]);
    }

    [Fact]
    public void Blocks_that_run_out_behind_the_virtual_allocation_table_are_passed_over()
    {
        byte[] tail = new byte[150 * Block];
        tail.AsSpan().Fill(0x2a);
        string[] warnings = AssertReadsAs("vat-2.01", [.. UdfSample.Bytes("vat-2.01"), .. tail]);
        Assert.Contains("150 blocks behind the virtual allocation table are not part of the volume", warnings);
    }

    [Fact]
    public void A_volume_without_recognition_sequence_is_found_when_nothing_else_is_there()
    {
        byte[] image = UdfSample.Bytes("hd512-2.01");
        image.AsSpan(0, 32768 + (16 * Block)).Clear();
        AssertReadsAs("hd512-2.01", image);
        image[0] = 0xeb;
        Assert.Null(UdfFileSystem.Probe(new MemorySource(image)));
    }

    [Fact]
    public void The_mirror_stands_for_a_damaged_metadata_file()
    {
        byte[] image = UdfSample.Bytes("metadata-2.50");
        UdfSequence sequence = UdfLocator.Find(new MemorySource(image))!;
        uint entry = BinaryPrimitives.ReadUInt32LittleEndian(sequence.Maps[(6 + 40)..]);
        image.AsSpan((int)((sequence.Partitions[0].Start + entry) * Block), Block).Fill(0xaa);
        string[] warnings = AssertReadsAs("metadata-2.50", image);
        Assert.Contains("the metadata file is damaged, its mirror is used", warnings);
    }

    [Fact]
    public void The_mirror_stands_for_damaged_blocks_of_the_metadata_file()
    {
        byte[] image = UdfSample.Bytes("metadata-2.50");
        using (FileTree tree = UdfSample.OpenTree(new MemorySource(image)))
        {
            foreach (string path in new[] { "tiny", "dir", "many/file-0003" })
            {
                int offset = UdfSample.Offset(image, TreeWalk.Find(tree, path).Id);
                image.AsSpan(offset, Block).Fill(0xaa);
            }
        }

        AssertReadsAs("metadata-2.50", image);
    }

    [Fact]
    public void A_damaged_file_does_not_hide_its_neighbours()
    {
        byte[] image = UdfSample.Bytes("hd2048-2.01");
        ulong id;
        string[] names;
        using (FileTree tree = UdfSample.OpenTree(new MemorySource(image)))
        {
            id = TreeWalk.Find(tree, "tiny").Id;
            names = Names(tree);
        }

        image[UdfSample.Offset(image, id) + 60] ^= 1;
        using FileTree damaged = UdfSample.OpenTree(new MemorySource(image));
        Assert.Equal(names, Names(damaged));
        Assert.Throws<ImageFormatException>(() => damaged.OpenFile(id));
        Assert.Throws<ImageFormatException>(() => damaged.GetNode(id));
        Assert.Throws<ImageFormatException>(() => damaged.TryLookup(damaged.Root.Id, "tiny"u8, out _));
        Assert.Equal(5000, TreeWalk.ReadFile(damaged, "holes").AsSpan(40000, 5000).Length);
    }

    [Fact]
    public void A_file_cut_off_by_the_end_of_the_image_fails_there_only()
    {
        byte[] image = UdfSample.Bytes("hd2048-2.01");
        using FileTree whole = UdfSample.OpenTree(new MemorySource(image));
        using BlockSource file = whole.OpenFile(TreeWalk.Find(whole, "big").Id);
        byte[] expected = file.ReadBytes(0, 100000);
        UdfSequence sequence = UdfLocator.Find(new MemorySource(image))!;
        int cut = (int)(((UdfFileSource)file).GetRun(0).Position + (sequence.Partitions[0].Start * Block) + 100000);
        using FileTree tree = UdfSample.OpenTree(new MemorySource(image.AsMemory(0, cut)));
        using BlockSource rest = tree.OpenFile(TreeWalk.Find(tree, "big").Id);
        Assert.Equal(expected, rest.ReadBytes(0, 100000));
        Assert.Throws<ImageFormatException>(() => rest.ReadBytes(99000, 2000));
    }

    [Fact]
    public void Streams_are_extended_attributes()
    {
        // The kernel makes no streams: a directory of it becomes the stream directory of a file.
        byte[] image = UdfSample.Bytes("hd2048-2.01");
        using FileTree tree = UdfSample.OpenTree(new MemorySource(image));
        ulong streams = TreeWalk.Find(tree, "dir/sub/deep/er").Id;
        ulong owner = TreeWalk.Find(tree, "tiny").Id;
        int directory = UdfSample.Offset(image, streams);
        image[directory + 27] = 13;
        UdfSample.Seal(image, directory);
        int file = UdfSample.Offset(image, owner);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(file + 152), Block);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(file + 156), (uint)streams);
        UdfSample.Seal(image, file);

        using FileTree changed = UdfSample.OpenTree(new MemorySource(image));
        Assert.True(changed.HasAttributes);
        Assert.Equal(["user.leaf"], changed.ListAttributes(owner));
        Assert.Equal("leaf\n"u8.ToArray(), changed.GetAttribute(owner, "user.leaf"));
        Assert.Null(changed.GetAttribute(owner, "user.other"));
        Assert.Empty(changed.ListAttributes(changed.Root.Id));
    }

    [Fact]
    public void Names_that_linux_cannot_have_are_replaced()
    {
        byte[] image = UdfSample.Bytes("hd2048-2.01");
        using (FileTree before = UdfSample.OpenTree(new MemorySource(image)))
        {
            // The directory is embedded in its ICB.
            int offset = UdfSample.Offset(image, TreeWalk.Find(before, "names").Id);
            Span<byte> block = image.AsSpan(offset, Block);
            "with/slash"u8.CopyTo(block[block.IndexOf("with space"u8)..]);
            UdfSample.Seal(image, offset);
        }

        using FileTree tree = UdfSample.OpenTree(new MemorySource(image));
        string[] names = [.. tree.ReadDirectory(TreeWalk.Find(tree, "names").Id, 0).Select(e => TreeWalk.Text(e.Name))];
        Assert.Contains("with_slash", names);
        Assert.Equal("0\n", Encoding.ASCII.GetString(TreeWalk.ReadFile(tree, "names/with_slash")));
    }

    [Fact]
    public void Holes_are_zero_extents_and_data_is_where_it_stands()
    {
        using MemorySource volume = UdfSample.Open("hd512-1.02");
        using HostSource host = new(volume);
        using FileTree tree = UdfSample.OpenTree(host);
        foreach (string path in new[] { "holes", "comb", "twin-a", "tiny", "all-hole" })
        {
            NodeInfo node = TreeWalk.Find(tree, path);
            using BlockSource file = tree.OpenFile(node.Id);
            long recorded = 0;
            for (long offset = 0; offset < file.Length;)
            {
                Extent extent = file.GetExtent(offset);
                offset = extent.End;
                if (extent.Kind == ExtentKind.Data)
                {
                    recorded += (extent.Length + 511) & ~511L;
                    Assert.Equal(
                        volume.ReadBytes(extent.Host!.Value.Offset, (int)extent.Length),
                        file.ReadBytes(extent.Offset, (int)extent.Length));
                }
            }

            // An embedded file counts no blocks, and the last one of a file may have some that were allocated ahead.
            Assert.InRange(recorded, path == "tiny" ? 0 : node.AllocatedBytes - 4096, node.AllocatedBytes + 512);
        }
    }

    private static string[] AssertReadsAs(string name, byte[] image)
    {
        using FileTree tree = UdfSample.OpenTree(new MemorySource(image));
        Assert.Equal(UdfSample.KernelListing(name), UdfSample.Listing(tree));
        return [.. tree.Volume.Warnings];
    }

    private static string[] Names(FileTree tree) =>
        [.. tree.ReadDirectory(tree.Root.Id, 0).Select(entry => TreeWalk.Text(entry.Name))];

    // Memory that says of itself that it stands in a host file.
    private sealed class HostSource(BlockSource inner) : BlockSource
    {
        public override long Length => inner.Length;

        public override void Read(long offset, Span<byte> destination) => inner.Read(offset, destination);

        public override Extent GetExtent(long offset) =>
            new(offset, Length - offset, ExtentKind.Data, new HostRange(0, offset));
    }
}
