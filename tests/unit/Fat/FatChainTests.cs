using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Imaged.Blocks;
using Imaged.Formats.Fat;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.UnitTests.Fat;

/// <summary>Chains in a FAT12 floppy of 160 KiB (313 clusters of 512 bytes) put together by hand.</summary>
public sealed class FatChainTests
{
    private const int RootOffset = 3 * 512;
    private const int DataOffset = 7 * 512;

    [Fact]
    public void Any_order_of_clusters_reads_as_written_and_neighbours_are_one_extent() =>
        Gen.Shuffle(Enumerable.Range(2, 60).ToArray()).Sample(clusters =>
        {
            byte[] floppy = Floppy(clusters, 60 * 512);
            using MemorySource volume = new(floppy);
            using FileTree tree = FatFileSystem.Open(volume, new FileTreeOptions(new BlockCache(1 << 20)));
            using BlockSource file = tree.OpenFile(RootOffset);
            byte[] expected = [.. clusters.SelectMany(c => floppy.AsSpan(DataOffset + ((c - 2) * 512), 512).ToArray())];
            Assert.Equal(expected, file.ReadBytes(0, expected.Length));
        });

    [Fact]
    public void A_chain_without_gaps_is_one_extent()
    {
        using MemorySource volume = new(Floppy([.. Enumerable.Range(2, 60)], (60 * 512) - 7));
        using FileTree tree = FatFileSystem.Open(volume, new FileTreeOptions(new BlockCache(1 << 20)));
        using BlockSource file = tree.OpenFile(RootOffset);
        Assert.Equal((60 * 512) - 7, file.GetExtent(0).Length);
    }

    [Theory]
    [InlineData(new[] { 2, 3, 4 }, 2000)]       // too short
    [InlineData(new[] { 2, 3, 4, 3 }, 4000)]    // comes back
    [InlineData(new[] { 2, 3, 4, 400 }, 4000)]  // leaves the volume
    [InlineData(new[] { 2, 3, 4, 0 }, 4000)]    // free
    [InlineData(new[] { 2, 3, 4, 0xff7 }, 4000)] // bad
    public void A_broken_chain_is_read_up_to_the_break(int[] clusters, int size)
    {
        byte[] floppy = Floppy(clusters, size);
        using MemorySource volume = new(floppy);
        using FileTree tree = FatFileSystem.Open(volume, new FileTreeOptions(new BlockCache(1 << 20)));
        using BlockSource file = tree.OpenFile(RootOffset);
        Assert.Equal(size, file.Length);
        Assert.Equal(floppy[DataOffset..(DataOffset + (3 * 512))], file.ReadBytes(0, 3 * 512));
        Assert.Throws<ImageFormatException>(() => file.ReadBytes(0, size));
        Assert.Throws<ImageFormatException>(() => file.GetExtent(size - 1));
    }

    [Fact]
    public void A_directory_whose_chain_comes_back_is_listed_and_then_told()
    {
        byte[] floppy = Floppy([2, 3, 2], 0);
        floppy[RootOffset + 11] = 0x10;
        for (int i = 0; i < 32; i++)
        {
            Encoding.ASCII.GetBytes($"FILE{i:D2}  TXT", floppy.AsSpan(DataOffset + (i * 32)));
            floppy[DataOffset + (i * 32) + 11] = 0x20;
        }

        using MemorySource volume = new(floppy);
        using FileTree tree = FatFileSystem.Open(volume, new FileTreeOptions(new BlockCache(1 << 20)));
        int count = 0;
        Assert.Throws<ImageFormatException>(() =>
        {
            foreach (DirectoryEntry _ in tree.ReadDirectory(RootOffset, 0))
            {
                count++;
            }
        });
        Assert.Equal(32, count);
        Assert.True(tree.TryLookup(RootOffset, "file31.txt"u8, out _));
    }

    [Fact]
    public void Reading_an_open_file_allocates_nothing()
    {
        using MemorySource volume = new(Floppy([2, 5, 3, 9, 10], 5 * 512));
        using FileTree tree = FatFileSystem.Open(volume, new FileTreeOptions(new BlockCache(1 << 20)));
        using BlockSource file = tree.OpenFile(RootOffset);
        byte[] buffer = new byte[2000];
        file.Read(100, buffer);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            file.Read(i, buffer);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    // One file, A, whose chain is the given one; a last value that is no free cluster before it stays the last link.
    private static byte[] Floppy(int[] clusters, int size)
    {
        byte[] floppy = new byte[163840];
        new Random(3).NextBytes(floppy.AsSpan(DataOffset));
        byte[] fat = new byte[512];
        Set(fat, 0, 0xffe);
        Set(fat, 1, 0xfff);
        for (int i = 0; i < clusters.Length; i++)
        {
            bool isLink = clusters[i] is >= 2 and < 315 && !clusters[..i].Contains(clusters[i]);
            if (isLink)
            {
                Set(fat, clusters[i], i + 1 < clusters.Length ? clusters[i + 1] : 0xfff);
            }
        }

        fat.CopyTo(floppy, 512);
        fat.CopyTo(floppy, 1024);
        "A          "u8.CopyTo(floppy.AsSpan(RootOffset));
        floppy[RootOffset + 26] = (byte)clusters[0];
        BinaryPrimitives.WriteInt32LittleEndian(floppy.AsSpan(RootOffset + 28), size);
        return floppy;
    }

    private static void Set(byte[] fat, int cluster, int value)
    {
        int at = cluster + (cluster / 2);
        int old = BinaryPrimitives.ReadUInt16LittleEndian(fat.AsSpan(at));
        int now = (cluster & 1) == 0 ? (old & 0xf000) | value : (old & 0x000f) | (value << 4);
        BinaryPrimitives.WriteUInt16LittleEndian(fat.AsSpan(at), (ushort)now);
    }
}
