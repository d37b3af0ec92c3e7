using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Conformance.Discs;
using Imaged.Conformance.Optical;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Chd;

/// <summary>The contract of images, for CHD.</summary>
public sealed class ChdContractTests : ImageContract
{
    protected override string Sample => "chd/igir-2048.chd";

    protected override string Format => "chd";
}

/// <summary>Hard disks and raw data that chdman packs, with all that its options have.</summary>
public sealed class ChdDiskTests
{
    private const int Length = 700_928;

    [Fact]
    public void A_sample_is_what_chdman_extracts()
    {
        using ImageSample sample = ImageSample.Open("chd/igir-2048.chd");
        Assert.Equal(
            "b2b47df0f3c555ceb494ee9fab7d283cb74d35e33ecb397a28d163990723c5f4",
            ImageSample.Sha256(sample.Image.Content));
        Assert.Equal(["CRC-16 of the map", "SHA-1 of the content", "SHA-1 of the whole"], Verify(sample.Image));
    }

    [Fact]
    public void The_first_bytes_of_an_image_are_refused()
    {
        ImageFormatException error =
            Assert.Throws<ImageFormatException>(() => ImageSample.Open("chd/truncated-gds-0008.chd"));
        Assert.Contains("not inside", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zlib", 4096)]
    [InlineData("lzma", 4096)]
    [InlineData("huff", 4096)]
    [InlineData("flac", 4096)]
    [InlineData("none", 4096)]
    [InlineData("zlib,lzma,huff,flac", 512)]
    [InlineData("lzma,flac", 65536)]
    [InlineData("huff", 1048576)]
    public void A_hard_disk_of_every_codec_is_the_raw_file(string codecs, int hunk)
    {
        using TemporaryFolder folder = new();
        byte[] raw = MakeDisk(folder["raw"]);
        Chdman.Run(folder, $"createhd -i raw -o disk.chd -ss 512 -hs {hunk} -c {codecs}");
        Chdman.Run(folder, "extracthd -i disk.chd -o out");
        using FolderFiles files = new(folder.Path, "disk.chd");
        using DiskImage image = QemuImage.Open(files, "disk.chd");
        Assert.Equal("chd", image.Format.Id);
        Assert.Empty(image.Warnings);

        // The geometry that chdman chooses has some sectors more.
        byte[] expected = File.ReadAllBytes(folder["out"]);
        Assert.Equal(raw, expected[..Length]);
        AssertHolds(expected, image.Content);
        Assert.Contains(image.Details, detail => detail.Key == "Geometry");
        Assert.Contains(new("Compression", codecs.Replace(",", ", ")), image.Details);
        Assert.Equal(
            codecs == "none" ? [] : ["CRC-16 of the map", "SHA-1 of the content", "SHA-1 of the whole"], Verify(image));
        if (codecs == "none")
        {
            Assert.All(
                Extents(image.Content),
                extent => Assert.Equal(extent.Kind == ExtentKind.Data, extent.Host is not null));
        }
        else
        {
            // The codec had something to do.
            string used = Chdman.Run(folder, "info -v -i disk.chd");
            Assert.Matches("(LZMA|Deflate|Huffman|FLAC) +\n", used[used.IndexOf("-----", StringComparison.Ordinal)..]);
        }
    }

    [Fact]
    public void Sectors_of_another_size_and_a_last_hunk_in_part_are_read()
    {
        using TemporaryFolder folder = new();
        byte[] raw = MakeDisk(folder["raw"]);
        Chdman.Run(folder, "createhd -i raw -o sectors.chd -ss 2048 -hs 8192 -c zlib -ib 698368");
        Chdman.Run(folder, "createraw -i raw -o odd.chd -us 100 -hs 5000 -c zlib,huff -ib 654321");
        Chdman.Run(folder, "createraw -i raw -o plain.chd -us 100 -hs 5000 -c none -ib 654321");
        foreach ((string name, int length, int sector) in
            ((string, int, int)[])[("sectors.chd", 698368, 2048), ("odd.chd", 654321, 512), ("plain.chd", 654321, 512)])
        {
            using FolderFiles files = new(folder.Path, name);
            using DiskImage image = QemuImage.Open(files, name);
            Assert.Equal(sector, image.Content.SectorSize);
            AssertHolds(raw[..length], image.Content);
            _ = Verify(image);
        }
    }

    [Theory]
    [InlineData("zlib,lzma,huff,flac")]
    [InlineData("none")]
    public void A_parent_is_found_by_its_digest(string codecs)
    {
        using TemporaryFolder folder = new();
        byte[] raw = MakeDisk(folder["raw"]);
        byte[] changed = [.. raw];
        new Random(7).NextBytes(changed.AsSpan(10_000, 20_000));
        raw.AsSpan(200_192, 40_000).CopyTo(changed.AsSpan(100_352));
        File.WriteAllBytes(folder["changed"], changed);
        Chdman.Run(folder, "createraw -i raw -o parent.chd -us 512 -hs 4096");
        Chdman.Run(folder, $"createraw -i changed -o child.chd -op parent.chd -us 512 -hs 4096 -c {codecs}");

        // A child of the child, with the content of its parent: so their digests are equal.
        Chdman.Run(folder, "createraw -i changed -o another.chd -us 512 -hs 4096");
        Chdman.Run(folder, "createraw -i raw -o a.chd -op another.chd -us 512 -hs 4096");
        File.Delete(folder["another.chd"]);
        using (FolderFiles files = new(folder.Path, "child.chd"))
        using (DiskImage image = QemuImage.Open(files, "child.chd"))
        {
            Assert.Equal("chd", image.Format.Id);
            AssertHolds(changed, image.Content);
            Assert.Contains(image.Details, detail => detail.Key == "Parent");
            _ = Verify(image);
        }

        File.Delete(folder["parent.chd"]);
        File.Delete(folder["a.chd"]);
        using FolderFiles orphan = new(folder.Path, "child.chd");
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => QemuImage.Open(orphan, "child.chd"));
        Assert.Contains("no .chd file beside the image is its parent", error.Message, StringComparison.Ordinal);
    }

    // An uncompressed image stores only what the parent has not when it was written to; chdman writes all of it.
    [Fact]
    public void A_plain_child_takes_what_it_has_not_from_its_parent()
    {
        using TemporaryFolder folder = new();
        byte[] raw = MakeDisk(folder["raw"]);
        Chdman.Run(folder, "createraw -i raw -o parent.chd -us 512 -hs 4096");
        Chdman.Run(folder, "createraw -i raw -o child.chd -op parent.chd -us 512 -hs 4096 -c none");
        byte[] child = File.ReadAllBytes(folder["child.chd"]);
        for (int i = 0; i < 100; i++)
        {
            Span<byte> entry = child.AsSpan(124 + (4 * i), 4);
            int place = BinaryPrimitives.ReadInt32BigEndian(entry) * 4096;
            child.AsSpan(place, place == 0 ? 0 : 4096).Clear();
            entry.Clear();
        }

        File.WriteAllBytes(folder["child.chd"], child);
        using FolderFiles files = new(folder.Path, "child.chd");
        using DiskImage image = QemuImage.Open(files, "child.chd");
        AssertHolds(raw, image.Content);
    }

    [Fact]
    public void Verify_finds_damage_of_every_kind_of_hunk()
    {
        using TemporaryFolder folder = new();
        MakeDisk(folder["raw"]);
        Chdman.Run(folder, "createhd -i raw -o disk.chd -ss 512 -hs 4096 -c zlib");
        byte[] good = File.ReadAllBytes(folder["disk.chd"]);
        using MemorySource file = new(good);
        Formats.Images.Chd.ChdMap map =
            Formats.Images.Chd.ChdMap.Read(file, Formats.Images.Chd.ChdHeader.Read(file));
        foreach (int kind in (int[])[0, 4])
        {
            Formats.Images.Chd.ChdMapEntry entry =
                Enumerable.Range(0, Length / 4096).Select(i => map[i]).First(entry => entry.Kind == kind);
            byte[] bytes = [.. good];
            bytes[entry.Offset + (entry.StoredLength / 2)] ^= 1;
            using HandMade made = HandMade.Of(null, ("disk.chd", bytes));
            OpticalCheck check = OpticalCheck.Run(made.Image);
            Assert.Contains("hunk", check.Problems[0].Message, StringComparison.Ordinal);
            Assert.Equal(check.Total, check.Advanced);
        }

        byte[] changed = [.. good];
        changed[64] ^= 1;
        using HandMade wrong = HandMade.Of(null, ("disk.chd", changed));
        Assert.StartsWith(
            "the SHA-1 of the content is", OpticalCheck.Run(wrong.Image).Problems[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Zstandard_and_all_kinds_of_copies_are_read()
    {
        Requires.Tool("zstd");
        byte[] one = [.. Enumerable.Range(0, 4096).Select(i => (byte)(i * i / 300))];
        byte[] two = DiscData.Noise(4096, 2);
        byte[] parent = DiscData.Noise(10 * 4096, 3);
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["parent"], parent);
        Chdman.Run(folder, "createraw -i parent -o parent.chd -us 512 -hs 4096");
        byte[] parentChd = File.ReadAllBytes(folder["parent.chd"]);
        byte[] image = new ChdImage(4096, 512, "zlib", "zstd") { ParentSha1 = parentChd[84..104] }
            .Stored(1, Chdman.Zstd(one), one).Stored(4, two, two).Copy(5, 1).Copy(9).Copy(5, 0).Copy(10)
            .Copy(6, 3).Copy(12).Copy(13).Copy(11).Copy(5, 3)
            .Build((11 * 4096) - 100);
        byte[] expected =
        [
            .. one, .. two, .. two, .. two, .. one, .. two,
            .. parent[1536..5632], .. parent[1536..5632], .. parent[5632..9728], .. parent[36864..40960], .. two,
        ];
        using HandMade made = HandMade.Of(null, ("disk.chd", image), ("other.chd", parentChd));
        Assert.Equal(expected[..^100], made.Content());
        SourceContract.ExtentsTile(made.Image.Content);
    }

    [Fact]
    public void References_that_lead_nowhere_are_refused()
    {
        byte[] data = DiscData.Noise(512, 1);
        ImageFormatException Refuse(ChdImage image) => Assert.Throws<ImageFormatException>(() =>
        {
            using HandMade made = HandMade.Of("chd", ("disk.chd", image.Build()));
            made.Content();
        });
        ChdImage New() => new ChdImage(512, 512, "zlib").Stored(4, data, data);
        Assert.Contains("copy of the later", Refuse(New().Copy(5, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("copy of the later", Refuse(New().Copy(5, 2).Copy(5, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("copy of the later", Refuse(New().Copy(5, 70_000)).Message, StringComparison.Ordinal);
        Assert.Contains("the image has none", Refuse(New().Copy(6, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("unknown kind 15", Refuse(New().Copy(15)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "is damaged", Refuse(New().Stored(2, data, data)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "no .chd file", Refuse(new ChdImage(512, 512, "zlib") { ParentSha1 = DiscData.Noise(20, 1) }
                .Stored(4, data, data)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(32, 0, "0 bytes of content")]
    [InlineData(32, 1L << 51, "bytes of content")]
    [InlineData(32, 1L << 40, "hunks")]
    [InlineData(40, 1L << 40, "the map at")]
    [InlineData(48, 1L << 40, "the metadata at")]
    [InlineData(56, 2L << 52, "hunks of 2097152 bytes")]
    [InlineData(56, (512L << 32) | 7, "units of 7 bytes")]
    public void Fields_out_of_their_range_are_refused(int offset, long value, string expected)
    {
        byte[] data = DiscData.Noise(512, 1);
        byte[] image = new ChdImage(512, 512, "zlib").Stored(4, data, data).Build();
        BinaryPrimitives.WriteInt64BigEndian(image.AsSpan(offset), value);
        ImageFormatException error =
            Assert.Throws<ImageFormatException>(() => HandMade.Try(null, ("disk.chd", image)));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_without_an_end_is_refused()
    {
        byte[] data = DiscData.Noise(512, 1);
        byte[] image =
            new ChdImage(512, 512, "zlib").Stored(4, data, data).Metadata("IDNT", "a").Metadata("KEY ", "b").Build();
        long first = BinaryPrimitives.ReadInt64BigEndian(image.AsSpan(48));
        BinaryPrimitives.WriteInt64BigEndian(image.AsSpan((int)first + 18 + 8), first);
        ImageFormatException error =
            Assert.Throws<ImageFormatException>(() => HandMade.Try(null, ("disk.chd", image)));
        Assert.Contains("more than 4096 entries", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_supported_is_named()
    {
        byte[] data = DiscData.Noise(512, 1);
        string Refuse(byte[] image) => Assert.Throws<UnsupportedFeatureException>(
            () => HandMade.Try(null, ("disk.chd", image))).Message;
        byte[] old = new ChdImage(512, 512, "zlib").Stored(4, data, data).Build();
        old[15] = 4;
        Assert.Contains("version 4 ('chdman copy'", Refuse(old), StringComparison.Ordinal);
        Assert.Contains(
            "avhu", Refuse(new ChdImage(512, 512, "avhu").Stored(4, data, data).Build()), StringComparison.Ordinal);
        Assert.Contains(
            "'lzo2'",
            Refuse(new ChdImage(512, 512, "zlib", "lzo2").Stored(4, data, data).Build()),
            StringComparison.Ordinal);
        Assert.Contains(
            "laserdisc",
            Refuse(new ChdImage(512, 512, "zlib").Stored(4, data, data).Metadata("AVAV", "FPS:30").Build()),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error()
    {
        using TemporaryFolder folder = new();
        MakeDisk(folder["raw"]);
        foreach (string codec in (string[])["zlib", "lzma", "huff", "flac", "none"])
        {
            Chdman.Run(folder, $"createhd -f -i raw -o disk.chd -ss 512 -hs 4096 -c {codec} -ib 204800");
            HandMade.Damage("chd", ("disk.chd", File.ReadAllBytes(folder["disk.chd"])));
        }
    }

    // Runs of which each codec packs some best: text, sound, noise of few values, noise, zeros, and the same again.
    private static byte[] MakeDisk(string path)
    {
        byte[] raw = new byte[Length];
        Random random = new(3);
        for (int begin = 0, kind = 0; begin < Length; kind++)
        {
            Span<byte> run = raw.AsSpan(begin, Math.Min(Length - begin, random.Next(1, 60) * 512));
            for (int i = 0; i + 1 < run.Length; i += 2)
            {
                int tone = (int)(8000 * Math.Sin(i * 0.02)) + random.Next(-30, 31);
                int value = (kind % 5) switch
                {
                    0 => "the quick brown fox "[i % 20] * 0x101,
                    1 => tone,
                    2 => (int)Math.Pow(random.NextDouble(), 4) * 20 * 0x101,
                    3 => random.Next(65536),
                    _ => 0,
                };
                run[i] = (byte)value;
                run[i + 1] = kind % 5 == 2 ? (byte)(Math.Pow(random.NextDouble(), 4) * 20) : (byte)(value >> 8);
            }

            begin += run.Length;
        }

        raw.AsSpan(0, 65536).CopyTo(raw.AsSpan(524_288));
        File.WriteAllBytes(path, raw);
        return raw;
    }

    private static void AssertHolds(byte[] expected, BlockSource content)
    {
        Assert.Equal(expected.Length, content.Length);
        Assert.Equal(expected, content.ReadBytes(0, expected.Length));
        Random random = new(4);
        for (int i = 0; i < 60; i++)
        {
            int offset = random.Next(expected.Length);
            int count = random.Next(Math.Min(expected.Length - offset, 20_000));
            Assert.Equal(expected[offset..(offset + count)], content.ReadBytes(offset, count));
        }

        SourceContract.ExtentsTile(content);
    }

    private static IEnumerable<Extent> Extents(BlockSource content)
    {
        for (long offset = 0; offset < content.Length;)
        {
            Extent extent = content.GetExtent(offset);
            yield return extent;
            offset = extent.End;
        }
    }

    private static List<string> Verify(DiskImage image)
    {
        OpticalCheck check = OpticalCheck.Run(image);
        Assert.Empty(check.Problems);
        return check.Confirmed;
    }
}
