using System.IO.Hashing;
using System.Text;
using Imaged.Blocks;
using Imaged.Conformance.Discs;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.V2i;

/// <summary>Recovery points, hand-made from the description of the format around volumes of mkfs.fat and mkfs.ntfs: no
/// free program writes them.</summary>
public sealed class V2iTests
{
    [Theory]
    [InlineData(60_000, int.MaxValue, 1)]
    [InlineData(100_000, 40, 0)]
    [InlineData(0, 300, 0)]
    public void A_volume_with_all_kinds_of_runs_is_read(int piece, int blocksPerFile, int files)
    {
        byte[] volume = MakeFat();
        V2iBuilder builder = new(volume) { PackedPiece = piece, BlocksPerFile = blocksPerFile };
        List<byte[]> set = builder.Build();
        Assert.Equal([0, 0x100, 0x200, 0x300], builder.Kinds.Distinct().Order());
        Assert.True(files == 1 ? set.Count == 1 : set.Count > 1);
        using HandMade made = HandMade.Of(null, NamesOf(set));
        Assert.Equal("v2i", made.Image.Format.Id);
        AssertHolds(volume, made);
        Assert.Contains(new("Version", "7.3"), made.Image.Details);
        Assert.Contains(new("Files", $"{set.Count}"), made.Image.Details);
        RecordedCheck check = RecordedCheck.Run(made.Image);
        Assert.Empty(check.Problems);
        Assert.Single(check.Confirmed);
    }

    [Fact]
    public void An_ntfs_volume_is_one_for_ntfs_tools()
    {
        Requires.Tool("mkfs.ntfs", "ntfsinfo", "ntfscp", "ntfscat");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}; seq 1 400000 >numbers
            truncate -s 40M disk; mkfs.ntfs -F -q disk >log 2>&1; ntfscp disk numbers numbers
            """);
        byte[] volume = File.ReadAllBytes(folder["disk"]);
        using HandMade made = HandMade.Of(null, NamesOf(new V2iBuilder(volume).Build()));
        AssertHolds(volume, made);
        File.WriteAllBytes(folder["copy"], made.Content());
        Tool.Shell($"cd {folder.Path}; ntfsinfo -m copy >log; ntfscat copy numbers | cmp - numbers");
    }

    [Fact]
    public void An_image_by_the_old_name_is_read_all_the_same()
    {
        byte[] volume = Small();
        using HandMade made = HandMade.Of(null, ("disk.pqi", new V2iBuilder(volume).Build()[0]));
        Assert.Equal("v2i", made.Image.Format.Id);
        Assert.Equal(volume, made.Content());
    }

    [Fact]
    public void Damage_of_a_block_is_found()
    {
        byte[] good = new V2iBuilder(Small()).Build()[0];
        foreach ((int offset, string expected) in ((int, string)[])
            [
                (131072 + 5000, "block 1 is damaged"), (131072 + 50, "header of a block is damaged"),
                (131072 + 0, "there is no block"),
            ])
        {
            byte[] bytes = [.. good];
            bytes[offset] ^= 1;
            ImageFormatException error = Assert.Throws<ImageFormatException>(
                () => HandMade.Try(null, ("disk.v2i", bytes)));
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }

        // The last block holds data alone: the image opens, and the check finds it.
        byte[] late = [.. good];
        late[^40_000] ^= 1;
        using HandMade made = HandMade.Of(null, ("disk.v2i", late));
        (_, string message) = Assert.Single(RecordedCheck.Run(made.Image).Problems);
        Assert.Contains("its CRC is wrong", message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_missing_or_another_file_is_told()
    {
        List<byte[]> set = new V2iBuilder(Small()) { BlocksPerFile = 3, PackedPiece = 1 }.Build();
        Assert.InRange(set.Count, 4, 99);
        (string Name, byte[] Bytes)[] files = NamesOf(set);
        AssertRefused("'disk_s02.v2i' is not beside", [.. files.Where(file => file.Name != "disk_s02.v2i")]);
        AssertRefused("open the base file 'disk.v2i'", files[1]);
        AssertRefused("cut off", ("disk.v2i", set[0][..^1000]));
        AssertRefused("cut off", ("disk.v2i", set[0][..1000]));
        AssertRefused("cut off", [.. files[..^1], (files[^1].Name, [])]);
        AssertRefused("where block", [files[0], (files[1].Name, files[2].Bytes), .. files[2..]]);
        AssertRefused("incremental", ("disk.iv2i", set[0]));
        AssertRefused("flag 0x75", ("disk.v2i", new V2iBuilder(Small()) { Flag = 0x75 }.Build()[0]));
        string list = "<SDO clsid=\"1\"><Volume1><ImageFile>D:\\Old\\C_Drive001.v2i</ImageFile></Volume1></SDO>";
        AssertRefused("open 'C_Drive001.v2i'", ("disk.sv2i", Encoding.UTF8.GetBytes(list)));
        AssertRefused("open 'C_Drive001.v2i'", ("disk.sv2i", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(list)]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_list_of_volumes_is_the_disk_that_they_were_on(bool isWide)
    {
        Requires.Tool("sfdisk", "mke2fs");
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; mke2fs -q disk 3M");
        byte[] ext = File.ReadAllBytes(folder["disk"]);
        byte[] fat = Small();
        string list = List(Entry(2, "d.v2i", 0, 10000), Entry(1, "c.v2i", 0, 63));
        using HandMade made = HandMade.Of(
            null,
            ("disk.sv2i", isWide ? [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(list)] : Encoding.UTF8.GetBytes(list)),
            ("c.v2i", new V2iBuilder(fat).Build()[0]),
            ("d.v2i", new V2iBuilder(ext).Build()[0]));
        byte[] disk = made.Content();
        Assert.Equal((10000 * 512) + ext.Length, disk.Length);
        Assert.Equal(fat, disk[(63 * 512)..((63 * 512) + fat.Length)]);
        Assert.Equal(ext, disk[(10000 * 512)..]);
        Assert.Equal(-1, disk.AsSpan(((63 * 512) + fat.Length)..(10000 * 512)).IndexOfAnyExcept((byte)0));
        File.WriteAllBytes(folder["whole"], disk);
        string[] table = [.. Tool.Shell($"sfdisk -d {folder["whole"]}").Text.Split('\n').Where(
            line => line.Contains("start=", StringComparison.Ordinal)).Select(
            line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Replace(" ", string.Empty))];
        Assert.Equal(
            [$"start=63,size={fat.Length / 512},type=c", $"start=10000,size={ext.Length / 512},type=83"], table);
        Assert.Equal(2, RecordedCheck.Run(made.Image).Confirmed.Count);
    }

    [Fact]
    public void A_list_that_makes_no_disk_is_refused()
    {
        byte[] volume = new V2iBuilder(Small()).Build()[0];
        string[] lists =
        [
            List(Entry(1, "c.v2i", 0, 63), Entry(2, "c.v2i", 1, 10000)), "2 disks (open 'c.v2i' or 'c.v2i')",
            List([.. Enumerable.Range(1, 5).Select(i => Entry(i, "c.v2i", 0, i * 10000))]), "5 volumes",
            List(Entry(1, "c.v2i", 0, 63), Entry(2, "c.v2i", 0, 64)), "begins before the end",
            List(Entry(1, "c.v2i", 0, 0)), "'0', which is no sector",
            List(Entry(1, "c.v2i", 0, 1L << 40)), "which is no sector",
            List(Entry(1, "gone.v2i", 0, 63)), "'gone.v2i'",
            List(Entry(1, "disk.sv2i", 0, 63)), "which is a list",
            List(), "names no volumes",
            "<SDO clsid=\"1\"><Volume1>", "no XML",
        ];
        for (int i = 0; i < lists.Length; i += 2)
        {
            AssertRefused(lists[i + 1], ("disk.sv2i", Encoding.UTF8.GetBytes(lists[i])), ("c.v2i", volume));
        }

        HandMade.Damage(
            "v2i", ("disk.sv2i", Encoding.UTF8.GetBytes(List(Entry(1, "c.v2i", 0, 63)))), ("c.v2i", volume));
    }

    [Fact]
    public void A_password_is_checked()
    {
        byte[] volume = Small();
        uint crc = Crc32.HashToUInt32(Encoding.Unicode.GetBytes("Sesame é"));
        byte[] image = new V2iBuilder(volume) { PasswordCrc = crc }.Build()[0];
        using HandMade made = HandMade.Of(null, "Sesame é"u8.ToArray(), ("disk.v2i", image));
        Assert.Equal(volume, made.Content());
        Assert.True(Assert.Throws<PasswordException>(() => HandMade.Try(null, ("disk.v2i", image))).IsMissing);
        Assert.False(Assert.Throws<PasswordException>(
            () => HandMade.Of(null, "sesame"u8.ToArray(), ("disk.v2i", image)).Dispose()).IsMissing);
        byte[] other = new V2iBuilder(volume) { PasswordCrc = crc, Flag = 1 }.Build()[0];
        Assert.Contains(
            "the encryption",
            Assert.Throws<UnsupportedFeatureException>(
                () => HandMade.Of(null, "Sesame é"u8.ToArray(), ("disk.v2i", other)).Dispose()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error() =>
        HandMade.Damage("v2i", ("disk.v2i", new V2iBuilder(Small()).Build()[0]));

    [Fact]
    public void Wrong_numbers_behind_right_checksums_end_in_success_or_a_named_error()
    {
        Requires.Tool("mkfs.fat");
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; mkfs.fat -C disk 256 >log");
        byte[] volume = File.ReadAllBytes(folder["disk"]);
        for (int i = 0; i < 600; i++)
        {
            Random random = new(i);
            int kind = i % 2;
            void Spoil(byte[] bytes)
            {
                // One of the two: the map has 592 bytes, the metadata more.
                if (kind == (bytes.Length < 600 ? 0 : 1))
                {
                    bytes[random.Next(bytes.Length)] ^= (byte)(random.Next(2) == 0 ? 0xff : 1 << random.Next(8));
                }
            }

            using MemorySource source = new(new V2iBuilder(volume) { Spoil = Spoil, PackedPiece = 0 }.Build()[0]);
            HostileInput.Allow(() =>
            {
                ImageOpener opener = new(source, "disk.v2i", null, new BlockCache(1 << 20));
                using DiskImage image = ImageFormats.Open(opener, "v2i");
                HostileInput.Allow(() => image.Content.ReadUpTo(0, new byte[300_000]));
                HostileInput.Allow(() => RecordedCheck.Run(image));
            });
        }
    }

    private static string List(params string[] volumes) =>
        $"<SDO clsid=\"{{1}}\"><VolumeCount>9</VolumeCount>{string.Concat(volumes)}</SDO>";

    private static string Entry(int number, string file, int device, long sector) => $"""
        <Volume{number}><VolumeLabel>x</VolumeLabel><ImageFile>D:\Old\{file}</ImageFile><Size>4096</Size>
        <Segment1><DeviceNumber>{device}</DeviceNumber><Size>4096</Size>
        <OffsetOnMedia>{sector}</OffsetOnMedia></Segment1>
        </Volume{number}>
        """;

    private static (string Name, byte[] Bytes)[] NamesOf(List<byte[]> set) =>
        [.. set.Select((bytes, index) => (index == 0 ? "disk.v2i" : $"disk_s{index:D2}.v2i", bytes))];

    private static void AssertRefused(string expected, params (string Name, byte[] Bytes)[] files)
    {
        IOException error = Assert.ThrowsAny<IOException>(() => HandMade.Try(null, files));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static void AssertHolds(byte[] volume, HandMade made)
    {
        BlockSource content = made.Image.Content;
        Assert.Equal(volume, made.Content());
        SourceContract.ExtentsTile(content);
        Random random = new(4);
        for (int i = 0; i < 60; i++)
        {
            int offset = random.Next(volume.Length);
            int count = random.Next(Math.Min(70_000, volume.Length - offset));
            Assert.Equal(volume[offset..(offset + count)], content.ReadBytes(offset, count));
        }
    }

    // A volume with a run of data longer than a chunk, one of every other sector, and much that is free.
    private static byte[] MakeFat()
    {
        Requires.Tool("mkfs.fat", "mcopy");
        using TemporaryFolder folder = new();
        byte[] noise = DiscData.Noise(36 << 20, 5);
        byte[] stripes = DiscData.Noise(6 << 20, 6);
        for (int i = 0; i < stripes.Length; i += 1024)
        {
            stripes.AsSpan(i, 512).Clear();
        }

        File.WriteAllBytes(folder["noise"], noise);
        File.WriteAllBytes(folder["stripes"], stripes);
        Tool.Shell($"cd {folder.Path}; mkfs.fat -C disk 90000 >log; mcopy -i disk noise stripes ::");
        return File.ReadAllBytes(folder["disk"]);
    }

    private static byte[] Small()
    {
        Requires.Tool("mkfs.fat", "mcopy");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["noise"], DiscData.Noise(1_500_000, 7));
        Tool.Shell($"cd {folder.Path}; mkfs.fat -C disk 2880 >log; mcopy -i disk noise ::");
        return File.ReadAllBytes(folder["disk"]);
    }
}
