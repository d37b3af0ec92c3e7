using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Partclone;

/// <summary>Images that partclone makes. What they hold is what partclone.restore writes onto zeros.</summary>
public sealed class PartcloneTests
{
    [Theory]
    [InlineData("ext4", "mkfs.ext4 -q -b 1024 -d tree disk 9M", "e2fsck -fn restored")]
    [InlineData("ext2", "mkfs.ext2 -q -b 4096 -d tree disk 9M", "e2fsck -fn restored")]
    [InlineData("fat12", "mkfs.fat -F 12 -C disk 3000; mcopy -i disk tree/noise ::", "fsck.fat -n restored")]
    [InlineData("fat32", "mkfs.fat -F 32 -C disk 40000; mcopy -i disk tree/noise ::", "fsck.fat -n restored")]
    [InlineData("ntfs", "truncate -s 20M disk; mkfs.ntfs -F -q disk", "ntfsinfo -m restored")]
    [InlineData("exfat", "truncate -s 20M disk; mkfs.exfat disk", "fsck.exfat -n restored")]
    [InlineData("imager", "head -c 3000320 /dev/urandom >disk", "cmp restored disk")]
    public void A_file_system_is_what_partclone_restores(string kind, string make, string check)
    {
        Requires.Tool($"partclone.{kind}", "partclone.restore", make.Split(' ')[make.StartsWith('t') ? 4 : 0]);
        using TemporaryFolder folder = new();
        MakeTree(folder);
        Tool.Shell($"""
            cd {folder.Path}
            ({make}) >log 2>&1
            partclone.{kind} -c -q -F -s disk -O image -L log >log 2>&1
            truncate -r disk restored
            partclone.restore -q -C -s image -O restored -L log >log 2>&1
            ({check}) >log 2>&1
            """);
        byte[] expected = File.ReadAllBytes(folder["restored"]);
        using MemorySource source = new(File.ReadAllBytes(folder["image"]));
        using DiskImage image = Open(source);
        Assert.Equal("partclone", image.Format.Id);
        AssertHolds(expected, image, source);
        RecordedCheck verified = RecordedCheck.Run(image);
        Assert.Empty(verified.Problems);
        Assert.Single(verified.Confirmed);
    }

    [Fact]
    public void Checksums_are_stepped_over_and_verified_however_they_are_spaced()
    {
        string[] options = ["-a0", "-k1", "-k7", "-k100000", "-K", "-K_-k5"];
        using TemporaryFolder folder = new();
        byte[] expected = MakeImages(folder, options);
        foreach (string option in options)
        {
            using MemorySource source = new(File.ReadAllBytes(folder["image" + option]));
            using DiskImage image = Open(source);
            AssertHolds(expected, image, source);
            if (option == "-a0")
            {
                Assert.Null(image.Verify);
                Assert.Contains(new("Checksum", "none"), image.Details);
                continue;
            }

            RecordedCheck check = RecordedCheck.Run(image);
            Assert.Empty(check.Problems);
            Assert.EndsWith("CRCs of blocks", Assert.Single(check.Confirmed), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_changed_block_is_found_where_it_is()
    {
        string[] options = ["-k1", "-k7", "-K_-k5"];
        using TemporaryFolder folder = new();
        MakeImages(folder, options);
        foreach (string option in options)
        {
            byte[] bytes = File.ReadAllBytes(folder["image" + option]);
            using MemorySource good = new(bytes);
            using DiskImage whole = Open(good);

            // A block of noise is nowhere else.
            byte[] block = File.ReadAllBytes(folder["tree/noise"])[..PartcloneBuilder.BlockLength];
            long offset = whole.Content.ReadBytes(0, (int)whole.Content.Length).AsSpan().IndexOf(block);
            int at = bytes.AsSpan().IndexOf(block);
            Assert.True(offset > 0 && at > 0);
            bytes[at + 100] ^= 4;
            using MemorySource source = new(bytes);
            using DiskImage image = Open(source);
            (long? found, string message) = Assert.Single(RecordedCheck.Run(image).Problems);
            Assert.InRange(offset - found!.Value, 0, 6 * PartcloneBuilder.BlockLength);
            Assert.Contains("CRC", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Damage_of_the_header_or_the_bitmap_is_told_when_the_image_is_opened()
    {
        using TemporaryFolder folder = new();
        MakeImages(folder, ["-k7"]);
        byte[] good = File.ReadAllBytes(folder["image-k7"]);
        AssertRefused(good, 60, 1, "the header is damaged");
        AssertRefused(good, 120, 1, "the bitmap is damaged");
        AssertRefused(good[..500], 0, 0, "the bitmap of 9216 blocks is not inside the file");
        AssertRefused(good[..100], 0, 0, "there is no header");
        AssertRefused(good, 33, 1, "version '0003'");
    }

    [Fact]
    public void What_a_header_says_of_another_kind_is_refused_by_name()
    {
        using TemporaryFolder folder = new();
        MakeImages(folder, ["-k7"]);
        byte[] good = File.ReadAllBytes(folder["image-k7"]);
        foreach ((int offset, byte value, string expected) in ((int, byte, string)[])
            [
                (96, 0x21, "checksum mode 0x21"), (105, 2, "bitmap mode 2"), (92, 3, "image version 3"),
                (98, 8, "8 bytes of a checksum"), (86, 1, "the block size 66560"), (67, 0xff, "the device has"),
            ])
        {
            byte[] bytes = [.. good];
            bytes[offset] = value;
            uint crc = ~System.IO.Hashing.Crc32.HashToUInt32(bytes.AsSpan(0, 106));
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(106), crc);
            AssertRefused(bytes, 0, 0, expected);
        }

        byte[] big = [.. good];
        (big[34], big[35]) = (big[35], big[34]);
        AssertRefused(big, 0, 0, "big-endian");
    }

    [Fact]
    public void Of_a_file_that_was_cut_off_the_rest_is_read()
    {
        using TemporaryFolder folder = new();
        byte[] expected = MakeImages(folder, ["-k7"]);
        byte[] good = File.ReadAllBytes(folder["image-k7"]);
        using MemorySource source = new(good.AsMemory(0, good.Length / 2));
        using DiskImage image = Open(source);
        Assert.Contains("the file ends too early", Assert.Single(image.Warnings), StringComparison.Ordinal);
        Assert.Equal(expected[..500_000], image.Content.ReadBytes(0, 500_000));
        SourceContract.ExtentsTile(image.Content);
        Assert.Throws<ImageFormatException>(() => image.Content.ReadBytes(0, expected.Length));
        Assert.Empty(RecordedCheck.Run(image).Problems);
    }

    [Theory]
    [InlineData("first")]
    [InlineData("bytes")]
    [InlineData("none")]
    public void Older_kinds_are_what_partclone_restores(string kind)
    {
        using TemporaryFolder folder = new();
        byte[] expected = MakeImages(folder, ["-k7"]);
        bool[] used = UsedBlocks(File.ReadAllBytes(folder["image-k7"]));
        byte[] image = kind switch
        {
            "first" => PartcloneBuilder.First(expected, used, isWide: false),
            "bytes" => PartcloneBuilder.Second(expected, used, 8),
            _ => PartcloneBuilder.Second(expected, used, 0),
        };
        File.WriteAllBytes(folder["image"], image);
        Tool.Shell($"""
            cd {folder.Path}
            truncate -s {expected.Length} again
            partclone.restore -q -C -s image -O again -L log >log 2>&1
            cmp again restored
            """);
        using MemorySource source = new(image);
        using DiskImage opened = Open(source);
        AssertHolds(expected, opened, source);
        Assert.Equal(kind == "first", opened.Verify is null);
        Assert.Empty(opened.Verify is null ? [] : RecordedCheck.Run(opened).Problems);
    }

    [Fact]
    public void Kinds_that_no_program_at_hand_writes_are_read()
    {
        using TemporaryFolder folder = new();
        byte[] expected = MakeImages(folder, ["-k7"]);
        bool[] used = UsedBlocks(File.ReadAllBytes(folder["image-k7"]));
        byte[] wide = PartcloneBuilder.First(expected, used, isWide: true);
        foreach (byte[] bytes in (byte[][])
            [
                wide, [.. wide, 1, 2, 3], PartcloneBuilder.Second(expected, used, 8, 0x30, 8),
                PartcloneBuilder.Second(expected, used, 8, 0x31, 16),
            ])
        {
            using MemorySource source = new(bytes);
            using DiskImage image = Open(source);
            AssertHolds(expected, image, source);
            Assert.Null(image.Verify);
        }
    }

    [Fact]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error()
    {
        using TemporaryFolder folder = new();
        byte[] expected = MakeImages(folder, ["-k7"]);
        byte[] second = File.ReadAllBytes(folder["image-k7"]);
        byte[] first = PartcloneBuilder.First(expected, UsedBlocks(second), isWide: false);
        foreach (byte[] bytes in (byte[][])[second, first])
        {
            using MemorySource source = new(bytes);
            HostileInput.Try(
                source,
                changed =>
                {
                    using DiskImage image = Open(changed);
                    image.Content.ReadUpTo(0, new byte[65536]);
                    _ = image.Content.GetExtent(image.Content.Length - 1);
                },
                changes: 300);
        }
    }

    // An ext4 volume in blocks of 1 KiB, and an image of it by each of the options.
    private static byte[] MakeImages(TemporaryFolder folder, string[] options)
    {
        Requires.Tool("partclone.ext4", "partclone.restore", "mkfs.ext4");
        MakeTree(folder);
        Tool.Shell($"cd {folder.Path}; mkfs.ext4 -q -b 1024 -d tree disk 9M; truncate -s 9M restored");

        // Each of them waits for a second or two, whatever it does.
        string clones = string.Join('\n', options.Select(option =>
            $"partclone.ext4 -c -q -F -s disk -O image{option} -L log{option} {option.Replace('_', ' ')} "
            + $">log{option} 2>&1 &"));
        Tool.Shell($"""
            cd {folder.Path}
            {clones}
            wait
            partclone.restore -q -C -s image{options[0]} -O restored -L log >log 2>&1
            """);
        return File.ReadAllBytes(folder["restored"]);
    }

    private static void MakeTree(TemporaryFolder folder) => Tool.Shell(
        $"cd {folder.Path}; mkdir tree; head -c 1300000 /dev/urandom >tree/noise; seq 1 90000 >tree/numbers");

    // The bitmap of an image in blocks of 1 KiB.
    private static bool[] UsedBlocks(byte[] image)
    {
        long count = BinaryPrimitives.ReadInt64LittleEndian(image.AsSpan(60));
        return [.. Enumerable.Range(0, (int)count).Select(i => (image[110 + (i / 8)] >> (i % 8) & 1) == 1)];
    }

    private static void AssertHolds(byte[] expected, DiskImage image, BlockSource file)
    {
        BlockSource content = image.Content;
        Assert.Empty(image.Warnings);

        // A file system may end before the file that it is in.
        Assert.InRange(content.Length, expected.Length - 65536, expected.Length);
        Assert.False(expected.AsSpan((int)content.Length).ContainsAnyExcept((byte)0));
        expected = expected[..(int)content.Length];
        Assert.Equal(expected, content.ReadBytes(0, expected.Length));
        SourceContract.ExtentsTile(content);
        Random random = new(3);
        Parallel.For(0, 40, i =>
        {
            int offset;
            int count;
            lock (random)
            {
                offset = random.Next(expected.Length);
                count = random.Next(Math.Min(100_000, expected.Length - offset));
            }

            Assert.Equal(expected[offset..(offset + count)], content.ReadBytes(offset, count));
        });

        // What is not in the image is zero, and all the rest of the file is not stored at all.
        long stored = 0;
        for (long offset = 0; offset < content.Length;)
        {
            Extent extent = content.GetExtent(offset);
            stored += extent.Kind == ExtentKind.Data ? extent.Length : 0;
            offset = extent.End;
        }

        Assert.InRange(stored, 1, file.Length);
    }

    private static void AssertRefused(byte[] bytes, int offset, byte change, string expected)
    {
        byte[] changed = [.. bytes];
        changed[offset] ^= change;
        using MemorySource source = new(changed);
        IOException error = Assert.ThrowsAny<IOException>(() => Open(source));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static DiskImage Open(BlockSource source) =>
        ImageFormats.Open(new ImageOpener(source, "sda1.ext4-ptcl-img", null, new BlockCache(8 << 20)), "partclone");
}
