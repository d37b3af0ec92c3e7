using System.Buffers.Binary;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Qcow2;

/// <summary>What is refused, with a reason, and what is only warned of.</summary>
public sealed class Qcow2RefusalTests
{
    [Theory]
    [InlineData("--object secret,id=s,data=pw -o encrypt.format=luks,encrypt.key-secret=s", "LUKS")]
    [InlineData("--object secret,id=s,data=pw -o encrypt.format=aes,encrypt.key-secret=s", "AES")]
    public void Encrypted_disks_are_refused_by_name(string options, string name)
    {
        Requires.Tool("qemu-img");

        // On a busy machine it sometimes fails to measure how fast it derives keys.
        UnsupportedFeatureException error =
            Assert.Throws<UnsupportedFeatureException>(() =>
                Open($"for i in 1 2 3 4; do qemu-img create -q -f qcow2 {options} disk.qcow2 1M && break; done"));
        Assert.Contains(name, error.Feature, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_incompatible_feature_is_refused_by_its_name()
    {
        Requires.Tool("qemu-img");
        UnsupportedFeatureException error = Assert.Throws<UnsupportedFeatureException>(() => Open(
            "qemu-img create -q -f qcow2 disk.qcow2 1M", bytes =>
            {
                // Bit 5, and its name in place of that of bit 4.
                bytes[79] |= 1 << 5;
                int name = bytes.AsSpan().IndexOf("extended L2"u8);
                bytes[name - 1] = 5;
            }));
        Assert.Equal("incompatible feature 5 (extended L2 entries)", error.Feature);
    }

    [Theory]
    [InlineData(1, "not closed")]
    [InlineData(2, "corrupt")]
    public void Dirty_and_corrupt_disks_are_read_with_a_warning(byte bit, string word)
    {
        Requires.Tool("qemu-img");
        Open("qemu-img create -q -f qcow2 disk.qcow2 1M", bytes => bytes[79] |= bit, image =>
        {
            Assert.Contains(word, Assert.Single(image.Warnings), StringComparison.Ordinal);
            Assert.Equal(new byte[1 << 20], image.Content.ReadBytes(0, 1 << 20));
        });
    }

    [Theory]
    [InlineData("qemu-img create -q -u -f qcow2 -b gone.qcow2 -F qcow2 disk.qcow2 1M", "gone.qcow2")]
    [InlineData("qemu-img create -q -u -f qcow2 -b disk.qcow2 -F qcow2 x 1M; mv x disk.qcow2", "itself")]
    [InlineData("qemu-img create -q -f qcow2 -o data_file=gone.raw disk.qcow2 1M; rm gone.raw", "gone.raw")]
    public void A_file_that_is_missing_is_named(string script, string name)
    {
        Requires.Tool("qemu-img");
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => Open(script));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nbd://host/export", "raw")]
    [InlineData("json:{}", "raw")]
    [InlineData("x.img", "luks")]
    public void Addresses_and_unknown_formats_of_backing_files_are_refused(string backing, string format)
    {
        Requires.Tool("qemu-img");
        Assert.Throws<UnsupportedFeatureException>(() =>
            Open($"qemu-img create -q -u -f qcow2 -b '{backing}' -F {format} disk.qcow2 1M"));
    }

    [Fact]
    public void Seventeen_disks_on_each_other_are_too_many()
    {
        Requires.Tool("qemu-img");
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => Open(
            "qemu-img create -q -f qcow2 d0 1M; for i in {1..17}; do "
            + "qemu-img create -q -u -f qcow2 -b d$((i-1)) -F qcow2 d$i 1M; done; mv d17 disk.qcow2"));
        Assert.Contains("more than 16", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_entry_fails_the_reads_of_its_own_cluster_only()
    {
        Requires.Tool("qemu-img", "qemu-io");
        Open("qemu-img create -q -f qcow2 disk.qcow2 1M; qemu-io -c 'write -P 5 0 256k' disk.qcow2 >&2", bytes =>
        {
            long l1 = (long)BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(40));
            long l2 = (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan((int)l1)) & long.MaxValue);
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan((int)l2 + 8), 0x7fff_ffff_0000);
        }, image =>
        {
            byte[] buffer = new byte[65536];
            image.Content.Read(0, buffer);
            Assert.False(buffer.AsSpan().ContainsAnyExcept((byte)5));
            Assert.Throws<ImageFormatException>(() => image.Content.Read(65536 + 100, new byte[10]));
            image.Content.Read(131072, buffer);
            Assert.False(buffer.AsSpan().ContainsAnyExcept((byte)5));
        });
    }

    private static void Open(string script, Action<byte[]>? change = null, Action<DiskImage>? use = null)
    {
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; {script}");
        if (change is not null)
        {
            byte[] bytes = File.ReadAllBytes(folder["disk.qcow2"]);
            change(bytes);
            File.WriteAllBytes(folder["disk.qcow2"], bytes);
        }

        using FolderFiles files = new(folder.Path, "disk.qcow2");
        using DiskImage image = QemuImage.Open(files, "disk.qcow2");
        use?.Invoke(image);
    }
}
