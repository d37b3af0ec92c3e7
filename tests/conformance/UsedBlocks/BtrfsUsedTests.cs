using System.Globalization;
using System.Text.RegularExpressions;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.UsedBlockMaps;

/// <summary>Maps of Btrfs, against the extents that its own tool lists: partclone counts in blocks of 16 KiB.</summary>
public sealed partial class BtrfsUsedTests
{
    [Theory]
    [InlineData("-d single -m dup", "loop", "")]
    [InlineData("-M -n 4096", "loop,compress-force=zstd", "FILES=900")]
    [InlineData("-m single -R ^free-space-tree", "loop", "")]
    [InlineData("--csum xxhash -O ^extref,^skinny-metadata", "loop", "")]
    public void Extents_are_all_that_is_saved(string options, string mount, string environment)
    {
        Requires.Root();
        Requires.Tool("mkfs.btrfs", "btrfs");
        using TemporaryFolder folder = new();
        string image = UsedVolume.MakeMounted(
            folder, $"mkfs.btrfs -f {options} image", "500M", mount, environment);
        UsedBlocks used = UsedVolume.ReadPart(image, "btrfs");
        Assert.Equal(Extents(image), used.Blocks.Ranges());
        string restored = UsedVolume.Restore(folder, used);
        UsedVolume.Check("btrfs check --check-data-csum {0} 2>&1", restored);
        File.Delete(image);
        UsedVolume.AssertSums(folder, restored);
        UsedVolume.AssertFrozen(folder, "btrfs", "btrfs check --check-data-csum {0} 2>&1");
    }

    [Fact]
    public void A_log_tree_makes_it_whole_chunks()
    {
        Requires.Root();
        Requires.Tool("mkfs.btrfs", "btrfs");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            PATH=$PATH:/usr/sbin
            truncate -s 300M disk
            mkfs.btrfs -q disk
            mkdir mnt
            mount -o loop disk mnt
            trap 'cd /; umount "{{folder.Path}}/mnt"' EXIT
            head -c 1000000 /dev/urandom > mnt/first
            sync -f mnt
            head -c 1000000 /dev/urandom | dd of=mnt/second conv=fsync status=none
            cp --sparse=always disk image
            cd mnt
            find . -type f -exec sha256sum {} + | sort > ../sums
            """);
        UsedBlocks used = UsedVolume.Read(folder["image"]);
        Assert.Null(used.WholeBecause);
        Assert.Contains("log tree", Assert.Single(used.Warnings), StringComparison.Ordinal);
        AssertHasDeviceExtents(used, folder["image"]);
        Assert.InRange(used.Blocks.Count, 1, 299L << 20);
        string restored = UsedVolume.Restore(folder, used);
        File.Delete(folder["image"]);
        UsedVolume.AssertSums(folder, restored, "loop");
    }

    [Fact]
    public void Of_several_devices_whole_chunks_are_saved()
    {
        Requires.Tool("mkfs.btrfs", "btrfs");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            PATH=$PATH:/usr/sbin
            truncate -s 300M image other
            mkfs.btrfs -q -m raid1 -d raid0 image other
            """);
        foreach (string device in (string[])["image", "other"])
        {
            UsedBlocks used = UsedVolume.Read(folder[device]);
            Assert.Null(used.WholeBecause);
            Assert.Contains("2 devices", Assert.Single(used.Warnings), StringComparison.Ordinal);
            AssertHasDeviceExtents(used, folder[device]);
        }
    }

    [Fact]
    public void Damage_ends_in_a_map()
    {
        Requires.Tool("mkfs.btrfs", "btrfs");
        using TemporaryFolder folder = new();
        string image = folder["image"];
        Tool.Shell($"PATH=$PATH:/usr/sbin; truncate -s 120M '{image}'; mkfs.btrfs -q '{image}'");
        byte[] bytes = File.ReadAllBytes(image);
        UsedBlocks used = UsedVolume.ReadPart(image, "btrfs");
        using (MemorySource volume = new(bytes))
        {
            HostileInput.Try(volume, UsedVolume.Touch, changes: 100);
        }

        // All that is in use, which the first megabytes are not.
        Random random = new(5);
        int[] places =
        [
            .. used.Blocks.Ranges().SelectMany(range => Enumerable.Range(0, (int)range.Length / 4096)
                .Select(block => (int)range.Offset + (block * 4096)))
                .Where(at => bytes.AsSpan(at, 4096).ContainsAnyExcept((byte)0)),
        ];
        for (int i = 0; i < 500; i++)
        {
            int at = places[random.Next(places.Length)] + random.Next(i % 2 == 0 ? 256 : 4096);
            byte old = bytes[at];
            bytes[at] ^= (byte)(1 << random.Next(8));
            using MemorySource changed = new(bytes);
            UsedVolume.Touch(changed);
            bytes[at] = old;
        }

        Tool.Run("truncate", "-s", "-1M", image);
        UsedVolume.AssertWhole(image, "btrfs", "shorter than the file system");
    }

    private static void AssertHasDeviceExtents(UsedBlocks used, string image)
    {
        // "item 0 key (1 DEV_EXTENT 13631488) …", then "chunk_objectid 256 chunk_offset … length 8388608".
        string text = Tool.Run("btrfs", "inspect-internal", "dump-tree", "-t", "dev", image).Text;
        string device = Tool.Run("btrfs", "inspect-internal", "dump-super", image).Text.Split('\n')
            .First(line => line.StartsWith("dev_item.devid", StringComparison.Ordinal)).Split('\t')[^1].Trim();
        int count = 0;
        foreach (System.Text.RegularExpressions.Match match in DeviceExtent().Matches(text))
        {
            if (match.Groups[1].Value == device)
            {
                long offset = long.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
                long length = long.Parse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture);
                Assert.True(used.Blocks.Contains(offset, length), $"{length} bytes at {offset} are missing");
                count++;
            }
        }

        Assert.InRange(count, 2, 100);
    }

    // What is in use, by the tool's lists of chunks and extents: what begins every device, system chunks, all extents.
    private static List<BlockRange> Extents(string image)
    {
        string text = Tool.Run("btrfs", "inspect-internal", "dump-tree", "-t", "chunk", image).Text;
        List<(long Logical, long Length, long[] Copies)> chunks = [];
        List<BlockRange> all = [new(0, 1 << 20), new(64 << 20, 4096)];
        foreach (string part in text.Split("CHUNK_ITEM ").Skip(1))
        {
            long logical = Number(part, @"^(\d+)\)");
            long length = Number(part, @"length (\d+)");
            long[] copies = [.. StripeOffset().Matches(part).Select(m => Number(m.Value, @"offset (\d+)"))];
            chunks.Add((logical, length, copies));
            if (part.Contains("type SYSTEM", StringComparison.Ordinal))
            {
                all.AddRange(copies.Select(copy => new BlockRange(copy, length)));
            }
        }

        text = Tool.Run("btrfs", "inspect-internal", "dump-super", image).Text;
        long nodeSize = Number(text, @"nodesize\s+(\d+)");
        long end = Number(text, @"dev_item.total_bytes\s+(\d+)");
        all.Add(new(end, new FileInfo(image).Length - end));
        text = Tool.Run("btrfs", "inspect-internal", "dump-tree", "-t", "extent", image).Text;
        foreach (System.Text.RegularExpressions.Match match in ExtentItem().Matches(text))
        {
            long logical = Number(match.Value, @"\((\d+)");
            long length = match.Groups[1].Value == "METADATA" ? nodeSize : Number(match.Value, @"(\d+)\)$");
            (long first, _, long[] copies) = chunks.Single(c => c.Logical <= logical && logical < c.Logical + c.Length);
            all.AddRange(copies.Select(copy => new BlockRange(copy + (logical - first), length)));
        }

        List<BlockRange> joined = [];
        foreach (BlockRange range in all.Where(range => range.Length > 0).OrderBy(range => range.Offset))
        {
            if (joined.Count > 0 && range.Offset <= joined[^1].End)
            {
                BlockRange last = joined[^1];
                joined[^1] = last with { Length = Math.Max(last.End, range.End) - last.Offset };
            }
            else
            {
                joined.Add(range);
            }
        }

        return joined;
    }

    private static long Number(string text, string pattern) =>
        long.Parse(Regex.Match(text, pattern).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"key \((\d+) DEV_EXTENT (\d+)\).*?length (\d+)", RegexOptions.Singleline)]
    private static partial Regex DeviceExtent();

    [GeneratedRegex(@"stripe \d+ devid \d+ offset \d+")]
    private static partial Regex StripeOffset();

    [GeneratedRegex(@"key \(\d+ (EXTENT|METADATA)_ITEM \d+\)")]
    private static partial Regex ExtentItem();
}
