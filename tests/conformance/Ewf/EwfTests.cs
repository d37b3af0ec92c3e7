using System.IO.Compression;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Ewf;

/// <summary>Expert Witness images: real ones, whose content ewfexport told, and those that ewfacquire makes.</summary>
public sealed class EwfTests : ImageContract
{
    protected override string Sample => "ewf/plaso-image.E01";

    protected override string Format => "ewf";

    [Theory]
    [InlineData("ewf/dfvfs-ext2.E01", 1, "a6c2f0e39afe6c6ab432ca5465349fcefe8dc944398e97b2d957d3f89dbb5d80")]
    [InlineData("ewf/plaso-image.E01", 1, "a9c0220b1dadd1812fc4bbe137f495d2c3b88c7b33b5a4de545d201fd31b3bc0")]
    [InlineData("ewf/tsk-image.E01", 1, "0add63db3dc87ee60438e0fb94b526462502ba9f87e7a78bb0efe858668b1108")]
    [InlineData("ewf/tsk-mmls_1.E01.xz", 2, "e7eb6fca46bebeedc4af4cc5bfe9675691bab8ce471315317b561a28899e7902")]
    [InlineData("ewf/velocidex-ntfs.E01", 1, "4efccac3f92a14da89ae9bca7231644ba25c65c09772c1f06b4e490e691f28ca")]
    [InlineData(
        "ewf/plaso-split/image-split.E01.xz", 1, "694da90e9fc6858c6dd77450add177670eb450534c3fecee2633356d6a969b98")]
    public void Samples_hold_what_ewfexport_says_and_their_digests_are_right(string name, int digests, string sha256)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal("ewf", sample.Image.Format.Id);
        Assert.Empty(sample.Image.Warnings);
        Assert.Equal(sha256, ImageSample.Sha256(sample.Disk));
        RecordedCheck check = RecordedCheck.Run(sample.Image);
        Assert.Empty(check.Problems);
        Assert.Equal(digests, check.Confirmed.Count);
    }

    [Fact]
    public void A_digest_that_ewfverify_finds_wrong_is_reported()
    {
        // It was made of 4097 bytes, the last of which is no sector: the chunk's checksum and the digest have it.
        using ImageSample sample = ImageSample.Open("ewf/dissect.E01");
        Assert.Equal(
            "3f1321ef3538ee07ea0f3882614506748a3af2f9badb8e9748066427db64ff16", ImageSample.Sha256(sample.Disk));
        Assert.Equal(
            "the MD5 is 12fa506e8e270f36f47159b80db58119, not 4a225557e15472d956eb5fe34eed3b9d",
            Assert.Single(RecordedCheck.Run(sample.Image).Problems).Message);
    }

    [Fact]
    public void Version_2_is_read()
    {
        // Its name says that it holds 128 sectors of zeros; the digest that it stores says so, too.
        using ImageSample sample = ImageSample.Open("ewf/ronin-zeros-z.Ex01");
        Assert.Equal("ewf", sample.Image.Format.Id);
        Assert.Equal(new byte[128 * 512], sample.Disk.ReadBytes(0, (int)sample.Disk.Length));
        Assert.Contains(new("Version", "2 (Ex01)"), sample.Image.Details);
        Assert.Contains(new("Case", "case_number"), sample.Image.Details);
        RecordedCheck check = RecordedCheck.Run(sample.Image);
        Assert.Empty(check.Problems);
        Assert.Equal(["MD5"], check.Confirmed);
    }

    [Fact]
    public void Damage_in_version_2_ends_in_success_or_a_named_error()
    {
        using SampleFiles files = new("ewf/ronin-zeros-z.Ex01");
        HostileInput.Try(files.First, source =>
        {
            using DiskImage image = Open(source);
            image.Content.ReadUpTo(0, new byte[65536]);
        });
    }

    [Theory]
    [InlineData("encase2", "E01", "none")]
    [InlineData("encase5", "E01", "fast")]
    [InlineData("encase6", "E01", "best")]
    [InlineData("encase6", "E01", "empty-block")]
    [InlineData("encase7", "E01", "fast")]
    [InlineData("ftk", "E01", "fast")]
    [InlineData("linen6", "E01", "fast")]
    [InlineData("smart", "s01", "fast")]
    [InlineData("ewfx", "e01", "fast")]
    public void Images_of_ewfacquire_hold_what_was_put_in(string format, string extension, string compression)
    {
        Requires.Tool("ewfacquire");
        using TemporaryFolder folder = new();
        byte[] content = Acquire(folder, format, compression);
        using FolderFiles files = new(folder.Path, $"image.{extension}");
        using DiskImage image = Open(files, $"image.{extension}");
        Assert.Equal("ewf", image.Format.Id);
        Assert.Empty(image.Warnings);
        Assert.True(files.Opened.Count > 2, "the image has several files");
        Assert.Contains(new("Segments", $"{files.Opened.Count}"), image.Details);
        Assert.Equal(content, image.Content.ReadBytes(0, (int)image.Content.Length));
        Assert.Equal(content[40_000..100_000], image.Content.ReadBytes(40_000, 60_000));
        SourceContract.ExtentsTile(image.Content);
        RecordedCheck check = RecordedCheck.Run(image);
        Assert.Empty(check.Problems);
        Assert.NotEmpty(check.Confirmed);
    }

    [Fact]
    public void What_is_missing_or_damaged_is_named()
    {
        Requires.Tool("ewfacquire");
        using TemporaryFolder folder = new();
        byte[] content = Acquire(folder, "encase6", "fast");
        byte[] first = File.ReadAllBytes(folder["image.E01"]);

        // A byte of the first table, which has a copy, of the second chunk, and of the digest in the last file.
        int table = first.AsSpan().IndexOf("table\0\0\0"u8);
        first[table + 76 + 24 + 8] ^= 1;
        int sectors = first.AsSpan().IndexOf("sectors\0"u8);
        first[sectors + 76 + 33_000] ^= 1;
        File.WriteAllBytes(folder["image.E01"], first);
        byte[] last = File.ReadAllBytes(folder["image.E03"]);
        int digest = last.AsSpan().IndexOf("digest\0"u8);
        last[digest + 76 + 16] ^= 1;
        File.WriteAllBytes(folder["image.E03"], last);
        using (FolderFiles files = new(folder.Path, "image.E01"))
        using (DiskImage image = Open(files, "image.E01"))
        {
            Assert.Equal(["a table of 'image.E01' is damaged, its copy was used"], image.Warnings);
            Assert.Equal(content[..32768], image.Content.ReadBytes(0, 32768));
            ImageFormatException error =
                Assert.Throws<ImageFormatException>(() => image.Content.ReadBytes(32768, 1));
            Assert.Contains("chunk 1 of 'image.E01', bytes 32768 to 65535", error.Message, StringComparison.Ordinal);
        }

        first[sectors + 76 + 33_000] ^= 1;
        File.WriteAllBytes(folder["image.E01"], first);
        using (FolderFiles files = new(folder.Path, "image.E01"))
        using (DiskImage image = Open(files, "image.E01"))
        {
            RecordedCheck check = RecordedCheck.Run(image);
            Assert.Equal(["MD5"], check.Confirmed);
            Assert.StartsWith("the SHA-1 is", Assert.Single(check.Problems).Message, StringComparison.Ordinal);
        }

        File.Delete(folder["image.E02"]);
        AssertRefused("'image.E02' is not there", folder, "image.E01");
        AssertRefused("this is file 3", folder, "image.E03");
        File.Copy(folder["image.E03"], folder["image.E02"]);
        AssertRefused("'image.E02' is not file 2", folder, "image.E01");
    }

    [Theory]
    [InlineData("a.E01", 2, "a.E02")]
    [InlineData("a.E01", 99, "a.E99")]
    [InlineData("a.E01", 100, "a.EAA")]
    [InlineData("a.E01", 101, "a.EAB")]
    [InlineData("a.e01", 100 + 676, "a.faa")]
    [InlineData("a.E01", 99 + (22 * 676), "a.ZZZ")]
    [InlineData("a.E01", 100 + (22 * 676), null)]
    [InlineData("a.s01", 100, "a.saa")]
    [InlineData("a.Ex01", 100, "a.ExAA")]
    [InlineData("a.Ex01", 100 + 676, "a.EyAA")]
    [InlineData("a.img", 2, null)]
    public void Segments_are_named_as_the_first_one(string first, int number, string? expected) =>
        Assert.Equal(expected, Formats.Images.Ewf.EwfSegments.NameOf(first, number));

    [Fact]
    public void Files_without_a_disk_and_encrypted_ones_are_refused_by_name()
    {
        byte[] logical = new byte[64];
        "LVF\x09\r\n"u8.CopyTo(logical);
        logical[6] = 0xff;
        logical[8] = 1;
        Assert.Contains("logical", Refused(logical), StringComparison.Ordinal);

        byte[] second = File.ReadAllBytes(Samples.Get("ewf/ronin-zeros-z.Ex01"));
        byte[] bzip2 = [.. second];
        bzip2[10] = 2;
        Assert.Contains("bzip2", Refused(bzip2), StringComparison.Ordinal);

        // The last descriptor says that its data is encrypted.
        second[^60] = 2;
        BitConverter.TryWriteBytes(second.AsSpan(second.Length - 4), Adler32(second.AsSpan(second.Length - 64, 60)));
        Assert.Contains("encryption", Refused(second), StringComparison.Ordinal);
    }

    // Noise, zeros, and text; the last chunk is short.
    private static byte[] Acquire(TemporaryFolder folder, string format, string compression)
    {
        byte[] content = new byte[5_120_000];
        new Random(3).NextBytes(content.AsSpan(0, 3_000_000));
        for (int i = 4_500_000; i < content.Length; i++)
        {
            content[i] = (byte)(i >> 9);
        }

        File.WriteAllBytes(folder["disk.img"], content);
        Tool.Shell($"""
            cd {folder.Path}
            ewfacquire -u -t image -f {format} -d sha1 -c {compression} -S 1500000 disk.img </dev/null
            """);
        return content;
    }

    private static string Refused(byte[] bytes)
    {
        using MemorySource source = new(bytes);
        return Assert.Throws<UnsupportedFeatureException>(() => Open(source)).Message;
    }

    private static void AssertRefused(string expected, TemporaryFolder folder, string name)
    {
        using FolderFiles files = new(folder.Path, name);
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => Open(files, name));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    // As zlib writes it behind a stream, highest byte first.
    private static uint Adler32(ReadOnlySpan<byte> bytes)
    {
        using MemoryStream stream = new();
        using (ZLibStream zlib = new(stream, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(bytes);
        }

        return System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(stream.ToArray().AsSpan()[^4..]);
    }

    private static DiskImage Open(FolderFiles files, string name) =>
        ImageFormats.Open(new ImageOpener(files.First, name, files, new BlockCache(8 << 20)), null);

    private static DiskImage Open(BlockSource source) =>
        ImageFormats.Open(new ImageOpener(source, "x.Ex01", null, new BlockCache(1 << 20)), null);
}
