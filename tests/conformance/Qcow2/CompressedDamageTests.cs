using System.Buffers.Binary;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Qcow2;

/// <summary>Damage to compressed disks that the fuzzer came upon, done to disks of other programs.</summary>
public sealed class CompressedDamageTests
{
    [Fact]
    public void A_compressed_cluster_far_behind_the_end_is_damage() => AssertDamaged(
        "qemu-img create -q -f qcow2 -o cluster_size=512 disk 1M; qemu-io -f qcow2 -c 'write -c -P 5 0 512' disk >&2",
        disk =>
        {
            int table = (int)(ReadUInt64(disk, (int)ReadUInt64(disk, 40)) & 0x00ff_ffff_ffff_fe00);
            BinaryPrimitives.WriteUInt64BigEndian(disk.AsSpan(table), 0x5fff_ffff_ffff_fe00);
        });

    [Fact]
    public void A_compressed_cluster_of_no_bytes_is_damage() => AssertDamaged(
        "qemu-img create -q -f qcow disk 1M; qemu-io -f qcow -c 'write -c -P 5 0 4k' disk >&2",
        disk =>
        {
            int table = (int)ReadUInt64(disk, (int)ReadUInt64(disk, 40));
            BinaryPrimitives.WriteUInt64BigEndian(disk.AsSpan(table), 0x8000_0000_0000_0200);
        });

    [Fact]
    public void A_grain_that_asks_for_a_dictionary_is_damage() => AssertDamaged(
        "head -c 1M /dev/zero | tr '\\0' x > raw; "
        + "qemu-img convert -f raw -O vmdk -o subformat=streamOptimized raw disk",
        disk =>
        {
            // The first stream's flags: the dictionary's bit, and what makes them a multiple of 31.
            int stream = FirstGrain(disk) + 12;
            int flags = (disk[stream + 1] & 0xc0) | 0x20;
            disk[stream + 1] = (byte)(flags + 31 - (((disk[stream] << 8) + flags) % 31));
        });

    [Fact]
    public void Compressed_grains_of_many_mebibytes_are_refused_by_name()
    {
        UnsupportedFeatureException error = Assert.Throws<UnsupportedFeatureException>(() => Read(
            "qemu-img create -q -f raw raw 1M; qemu-img convert -f raw -O vmdk -o subformat=streamOptimized raw disk",
            disk => BinaryPrimitives.WriteUInt64LittleEndian(disk.AsSpan(20), 8192)));
        Assert.Contains("grains of 8192 sectors", error.Feature, StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_that_its_stream_cannot_fill_is_damage()
    {
        Requires.Tool("create_compressed_fs");
        AssertDamaged(
            "head -c 1M /dev/zero | tr '\\0' x > raw; create_compressed_fs -B 65536 raw disk >&2",
            disk => BinaryPrimitives.WriteUInt32BigEndian(disk.AsSpan(128), 64 << 20));
    }

    private static ulong ReadUInt64(byte[] disk, int offset) =>
        BinaryPrimitives.ReadUInt64BigEndian(disk.AsSpan(offset));

    private static int FirstGrain(byte[] disk)
    {
        int directory = (int)BinaryPrimitives.ReadUInt64LittleEndian(disk.AsSpan(56)) * 512;
        int table = BinaryPrimitives.ReadInt32LittleEndian(disk.AsSpan(directory)) * 512;
        return BinaryPrimitives.ReadInt32LittleEndian(disk.AsSpan(table)) * 512;
    }

    private static void AssertDamaged(string script, Action<byte[]> damage) =>
        Assert.Throws<ImageFormatException>(() => Read(script, damage));

    // The disk can be read as it was made; what reading it after the damage throws is the test's.
    private static void Read(string script, Action<byte[]> damage)
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; {script}");
        ReadBeginning(folder);
        byte[] disk = File.ReadAllBytes(folder["disk"]);
        damage(disk);
        File.WriteAllBytes(folder["disk"], disk);
        ReadBeginning(folder);
    }

    private static void ReadBeginning(TemporaryFolder folder)
    {
        using FolderFiles files = new(folder.Path, "disk");
        using DiskImage image = QemuImage.Open(files, "disk");
        image.Content.Read(0, new byte[512]);
    }
}
