using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text.Json;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Partitions;

/// <summary>Tables as they are on longer disks, looked at by partitioning programs.</summary>
public sealed class TableChangeTests
{
    private const int Mebibyte = 1 << 20;
    private const int Length = 16 * Mebibyte;

    [Theory]
    [InlineData(Length)]
    [InlineData(Length + 512)]
    [InlineData(40 * Mebibyte)]
    [InlineData((40 * Mebibyte) - 512)]
    public void A_gpt_that_grows_is_whole_for_sgdisk_and_sfdisk(int longer)
    {
        Requires.Tool("sgdisk", "sfdisk");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s {Length} {folder["d"]}
            printf 'label: gpt\nstart=2048,size=4096,name=first\nstart=8192,size=10000,name=last\n' |
                sfdisk -q {folder["d"]}
            """);
        ChangedTable change = Change(folder, longer, table => new(longer) { Grow = table.Partitions[^1].Number });
        Assert.Equal(longer > Length, change.IsMoved);
        AssertWhole(folder["e"]);
        JsonElement before = Dump(folder["d"]);
        JsonElement after = Dump(folder["e"]);
        Assert.Equal(before.GetProperty("id").GetString(), after.GetProperty("id").GetString());
        Assert.Equal(before.GetProperty("partitions")[0].ToString().Replace("/d1", "/e1", StringComparison.Ordinal),
            after.GetProperty("partitions")[0].ToString());
        JsonElement last = after.GetProperty("partitions")[1];
        long end = last.GetProperty("start").GetInt64() + last.GetProperty("size").GetInt64();
        long usable = after.GetProperty("lastlba").GetInt64() + 1;
        Assert.Equal(change.GrownLength, last.GetProperty("size").GetInt64() * 512);
        Assert.InRange(end, usable - 2047, usable);
        Assert.Equal(0, end % 2048);

        // The backup of the longer disk stands at its very end, the old one is gone.
        Assert.Equal((longer / 512) - 34, after.GetProperty("lastlba").GetInt64());
        if (longer >= 17 * Mebibyte)
        {
            byte[] bytes = File.ReadAllBytes(folder["e"]);
            Assert.False(bytes.AsSpan(Length - (33 * 512), 33 * 512).ContainsAnyExcept((byte)0));
        }
    }

    [Fact]
    public void A_gpt_in_sectors_of_4096_bytes_grows_too()
    {
        Requires.Tool("fdisk", "sfdisk");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s {Length} {folder["d"]}
            printf 'g\nn\n1\n\n+1M\nn\n2\n\n+4M\nw\n' | fdisk -b 4096 {folder["d"]}
            """);
        ChangedTable change = Change(folder, 40 * Mebibyte, _ => new(40 * Mebibyte) { Grow = 2 });
        Assert.Equal((40 - 2) * Mebibyte - Mebibyte, change.GrownLength);
        string text = Tool.Shell($"fdisk -b 4096 -l {folder["e"]} 2>&1").Text;
        Assert.DoesNotContain("corrupt", text, StringComparison.Ordinal);
        Assert.DoesNotContain("does not match", text, StringComparison.Ordinal);
        Assert.Contains(
            FormattableString.Invariant($"{change.GrownLength / 4096}"), text, StringComparison.Ordinal);
    }

    [Fact]
    public void New_ids_of_a_gpt_are_those_that_are_told()
    {
        Requires.Tool("sgdisk", "sfdisk");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s {Length} {folder["d"]}
            printf 'label: gpt\nsize=4096\nsize=4096\nsize=4096\n' | sfdisk -q {folder["d"]}
            """);
        ChangedTable change = Change(folder, Length, _ => new(Length) { NewId = Guid.NewGuid });
        AssertWhole(folder["e"]);
        JsonElement before = Dump(folder["d"]);
        JsonElement after = Dump(folder["e"]);
        Assert.NotEqual(before.GetProperty("id").GetString(), after.GetProperty("id").GetString());
        Assert.Equal(3, change.Ids.Length);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(change.Ids[i].Old, Uuid(before, i));
            Assert.Equal(change.Ids[i].New, Uuid(after, i));
            Assert.NotEqual(change.Ids[i].Old, change.Ids[i].New);
        }

        static string Uuid(JsonElement table, int index) =>
            table.GetProperty("partitions")[index].GetProperty("uuid").GetString()!.ToLowerInvariant();
    }

    [Fact]
    public void An_mbr_grows_and_gets_another_id()
    {
        Requires.Tool("sfdisk");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s {Length} {folder["d"]}
            printf 'label: dos\nlabel-id: 0x1234abcd\nstart=2048,size=4096\nstart=8192,size=10000,bootable\n' |
                sfdisk -q {folder["d"]}
            """);
        ChangedTable change = Change(
            folder, (40 * Mebibyte) + 512, _ => new((40 * Mebibyte) + 512) { Grow = 2, NewId = Guid.NewGuid });
        Assert.Equal(36 * Mebibyte, change.GrownLength);
        JsonElement after = Dump(folder["e"]);
        string id = after.GetProperty("id").GetString()!;
        Assert.NotEqual("0x1234abcd", id);
        Assert.Equal([("1234abcd-01", $"{id[2..]}-01"), ("1234abcd-02", $"{id[2..]}-02")], change.Ids);
        Assert.Equal(4096, after.GetProperty("partitions")[0].GetProperty("size").GetInt64());
        Assert.Equal(72 * 1024, after.GetProperty("partitions")[1].GetProperty("size").GetInt64());
        Assert.True(after.GetProperty("partitions")[1].GetProperty("bootable").GetBoolean());
        string said = Tool.Shell($"sfdisk --verify {folder["e"]} 2>&1").Text;
        Assert.Contains("No errors detected", said, StringComparison.Ordinal);
    }

    [Fact]
    public void An_extended_partition_in_the_way_keeps_a_primary_one_as_it_is()
    {
        Requires.Tool("sfdisk");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s {Length} {folder["d"]}
            printf 'label: dos\nstart=2048,size=4096\nstart=8192,size=10000,type=5\n' | sfdisk -q {folder["d"]}
            """);
        using MemorySource disk = new(File.ReadAllBytes(folder["d"]));
        PartitionTable table = PartitionTables.Read(disk)!;
        Assert.Equal(1, Assert.Single(table.Partitions).Number);
        Assert.Null(PartitionTables.Change(disk, table, new(40 * Mebibyte) { Grow = 1 })?.GrownLength);
    }

    [Fact]
    public void A_gpt_whose_first_copy_is_damaged_is_not_changed()
    {
        Requires.Tool("sfdisk");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s {Length} {folder["d"]}
            printf 'label: gpt\nsize=4096\n' | sfdisk -q {folder["d"]}
            """);
        byte[] bytes = File.ReadAllBytes(folder["d"]);
        bytes[1100] ^= 1; // an entry
        using MemorySource disk = new(bytes);
        Assert.Null(PartitionTables.Change(
            disk, PartitionTables.Read(disk)!, new(40 * Mebibyte) { Grow = 1, NewId = Guid.NewGuid }));
    }

    [Fact]
    public void A_table_whose_numbers_are_nonsense_is_changed_within_the_disk_or_not_at_all()
    {
        Requires.Tool("sfdisk");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s {Length} {folder["d"]}
            printf 'label: gpt\nstart=2048,size=4096\nstart=8192,size=10000\n' | sfdisk -q {folder["d"]}
            """);
        byte[] bytes = File.ReadAllBytes(folder["d"]);
        Random random = new(7);
        long sectors = Length / 512;
        long[] numbers =
            [0, 1, 2, 3, 33, 34, 2048, sectors - 34, sectors - 33, sectors - 1, sectors, -1, long.MinValue];
        for (int i = 0; i < 3000; i++)
        {
            byte[] copy = [.. bytes];
            for (int n = random.Next(1, 4); n > 0; n--)
            {
                // Alternate, first and last usable sector, the array of entries; first and last of both partitions.
                int at = random.GetItems([32, 40, 48, 72, 512 + 32, 512 + 40, 512 + 160, 512 + 168], 1)[0];
                long number = random.GetItems(numbers, 1)[0];
                BinaryPrimitives.WriteInt64LittleEndian(copy.AsSpan(512 + at), number);
            }

            // Sums are right, whatever they are of.
            Span<byte> header = copy.AsSpan(512, 92);
            long entries = BinaryPrimitives.ReadInt64LittleEndian(header[72..]);
            if (entries >= 0 && entries <= sectors - 32)
            {
                Crc32.Hash(copy.AsSpan((int)entries * 512, 128 * 128), header[88..]);
            }

            header.Slice(16, 4).Clear();
            Crc32.Hash(header, header[16..]);
            using MemorySource disk = new(copy);
            TableChangeContract.Check(disk);
        }
    }

    // Writes e, which is d on a longer disk.
    private static ChangedTable Change(TemporaryFolder folder, int longer, Func<PartitionTable, TableChange> change)
    {
        byte[] bytes = File.ReadAllBytes(folder["d"]);
        using MemorySource disk = new(bytes);
        PartitionTable table = PartitionTables.Read(disk)!;
        ChangedTable changed = PartitionTables.Change(disk, table, change(table))!;
        Array.Resize(ref bytes, longer);
        Assert.Equal(
            changed.Patches.Sum(patch => patch.Bytes.Length),
            BlockRange.Union(changed.Patches.Select(patch => patch.Range)).Sum(range => range.Length));
        foreach (DiskPatch patch in changed.Patches)
        {
            Assert.True(patch.Range.End <= longer);
            patch.ApplyTo(0, bytes);
        }

        File.WriteAllBytes(folder["e"], bytes);
        return changed;
    }

    private static void AssertWhole(string path)
    {
        Assert.Contains("No problems found", Tool.Run("sgdisk", "-v", path).Text, StringComparison.Ordinal);
        Assert.Contains(
            "No errors detected", Tool.Shell($"sfdisk --verify {path} 2>&1").Text, StringComparison.Ordinal);
    }

    private static JsonElement Dump(string path)
    {
        using JsonDocument json = JsonDocument.Parse(Tool.Run("sfdisk", "-J", path).Output);
        return json.RootElement.GetProperty("partitiontable").Clone();
    }
}
