using System.Text.Json;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>Disks of every format that an independent program writes, through the whole system: each is made of the
/// same ext4 volume, and what is mounted is compared with the folder that the volume was made of.</summary>
public sealed class DiskFormatTests
{
    [Theory]
    [InlineData("qemu-img convert -O qcow2 disk out", "qcow2")]
    [InlineData("qemu-img convert -O qcow2 -c disk out", "qcow2")]
    [InlineData("qemu-img convert -O qcow2 -c -o compression_type=zstd disk out", "qcow2")]
    [InlineData("qemu-img convert -O qcow disk out", "qcow")]
    [InlineData("qemu-img convert -O qed disk out", "qed")]
    [InlineData("qemu-img convert -O vmdk disk out", "vmdk")]
    [InlineData("qemu-img convert -O vmdk -o subformat=streamOptimized disk out", "vmdk")]
    [InlineData("qemu-img convert -O vmdk -o subformat=twoGbMaxExtentSparse disk out", "vmdk")]
    [InlineData("qemu-img convert -O vmdk -o subformat=monolithicFlat disk out", "vmdk")]
    [InlineData("qemu-img convert -O vpc disk out", "vhd")]
    [InlineData("qemu-img convert -O vpc -o subformat=fixed,force_size=on disk out", "vhd")]
    [InlineData("qemu-img convert -O vhdx disk out", "vhdx")]
    [InlineData("qemu-img convert -O vdi disk out", "vdi")]
    [InlineData("qemu-img convert -O vdi -o static=on disk out", "vdi")]
    [InlineData("qemu-img convert -O parallels disk out", "parallels")]
    [InlineData("create_compressed_fs -q -B 65536 disk out", "cloop")]
    [InlineData("img2simg disk out", "androidsparse")]
    [InlineData("ln disk disk.raw && ewfacquire -q -u -l log -t out disk.raw", "ewf", "out.E01")]
    [InlineData("split -b 3M -d -a 3 --numeric-suffixes=1 disk out.", "splitraw", "out.001")]
    [InlineData("xz -T1 --block-size=1MiB -c disk > out", "xz")]
    public void Every_disk_is_mounted_with_all_its_files(string command, string format, string output = "out")
    {
        Requires.Tool(format == "ewf" ? "ewfacquire" : command.Split(' ')[0], "mkfs.ext4");
        using PrivateSystem system = PrivateSystem.Start();
        MakeDisk(system.Folder);
        Tool.Shell($"cd '{system.Folder}' && ( {command} ) >&2");
        string image = system[output];
        JsonElement layers = system.Run("info", "--json", image).Succeeds().Json.GetProperty("layers");
        Assert.Equal(format, layers[0].GetProperty("format").GetString());

        // By the kernel's driver on a device, and by the reader of imaged.
        foreach (string view in (string[])["kernel", "tree"])
        {
            string directory = system.Mount(image, "--as", view);
            Assert.Equal(view == "kernel" ? "ext4" : "fuse.imaged", Machine.Mount(directory).Type);
            Trees.AssertEqual(system["source"], Path.Combine(directory, "data"));
            system.Run("umount", directory).Succeeds();
        }

        system.Run("convert", image, system["back.img"]).Succeeds();
        byte[] expected = File.ReadAllBytes(system["disk"]);
        byte[] actual = File.ReadAllBytes(system["back.img"]);

        // Some formats round the length up.
        Assert.Equal(expected, actual[..expected.Length]);
        Assert.All(actual[expected.Length..], value => Assert.Equal(0, value));
        system.Run("verify", image).Succeeds();
    }

    // A volume of several megabytes with what compresses well, badly and not at all; its times are whole seconds.
    private static void MakeDisk(string folder) => Tool.Shell($$"""
        cd '{{folder}}'
        mkdir -p source/deep/er volume
        seq 1 200000 > source/numbers
        head -c 2M /dev/urandom > source/noise
        truncate -s 3M source/hole
        echo end >> source/hole
        ln -s ../numbers source/deep/link
        : > source/deep/er/empty
        chmod 640 source/noise
        find source -exec touch -h -d @1700000000 {} +
        cp -a source volume/data
        mkfs.ext4 -q -F -E root_owner=0:0 -d volume disk 12M 2>&1
        """);
}
