using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>Disks of every format that an independent program writes, through the whole system: each is made of the
/// same ext4 volume, and what is mounted is compared with the folder that the volume was made of.</summary>
public sealed class DiskFormatTests
{
    // The bands, counted in hexadecimal, those of zeros left out, and the list that says how long they are.
    private const string Bundle = """
        split -b 512K --numeric-suffixes=0 -a 3 disk band; mkdir -p out/bands; i=0
        for band in band???; do
            cmp -s -n 524288 $band /dev/zero || mv $band out/bands/$(printf %x $i); i=$((i + 1))
        done
        echo '<plist version="1.0"><dict><key>CFBundleInfoDictionaryVersion</key><string>6.0</string>' > out/Info.plist
        echo '<key>band-size</key><integer>524288</integer><key>size</key><integer>12582912</integer>' >> out/Info.plist
        echo '<key>bundle-backingstore-version</key><integer>1</integer>' >> out/Info.plist
        echo '<key>diskimage-bundle-type</key><string>com.apple.diskimage.sparsebundle</string>' >> out/Info.plist
        echo '</dict></plist>' >> out/Info.plist
        """;

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
    [InlineData("xz -T1 -c disk > out", "xz")]
    [InlineData("xz --format=lzma -c disk > out.lzma", "lzma", "out.lzma")]
    [InlineData("gzip -c disk > out", "gzip")]
    [InlineData("bzip2 -c disk > out", "bzip2")]
    [InlineData("zstd -q disk -o out", "zstd")]
    [InlineData("compress -c disk > out.Z", "compress", "out.Z")]
    [InlineData("partclone.ext4 -c -q -F -s disk -O out -L log", "partclone")]
    [InlineData("partclone.ext4 -c -q -F -s disk -O - -L log | gzip -c | split -b 1M - out.", "splitraw", "out.aa")]
    [InlineData("chdman createhd -i disk -o out -ss 512", "chd")]
    [InlineData(Bundle, "sparsebundle")]
    public void Every_disk_is_mounted_with_all_its_files(string command, string format, string output = "out")
    {
        Requires.Tool(format == "ewf" ? "ewfacquire" : command.Split(' ')[0], "mkfs.ext4");
        using PrivateSystem system = PrivateSystem.Start();
        Disks.Make(system.Folder);
        Tool.Shell($"cd '{system.Folder}' && ( {command} ) >&2");
        Disks.AssertMounts(system, system[output], format);
    }

    [Fact]
    public void A_disk_that_Clonezilla_saved_is_mounted_by_its_directory()
    {
        Requires.Tool("partclone.ext4", "sfdisk", "mkfs.ext4");
        using PrivateSystem system = PrivateSystem.Start();
        Disks.Make(system.Folder);
        Tool.Shell($$"""
            cd '{{system.Folder}}'
            truncate -s 14M whole; printf 'label: gpt\nstart=2048, size=24576, type=linux\n' | sfdisk -q whole
            mkdir saved; cd saved
            partclone.ext4 -c -q -F -s ../disk -O - -L ../log 2>../log2 | gzip -c | split -b 1M - sda1.ext4-ptcl-img.gz.
            echo sda > disk; echo sda1 > parts
            sfdisk -d ../whole | sed 's|^device: .*|device: /dev/sda|; s|^[^ ]*whole1 :|/dev/sda1 :|' > sda-pt.sf
            dd if=../whole of=sda-mbr bs=512 count=1 status=none
            dd if=../whole of=sda-gpt-1st bs=512 count=34 status=none
            tail -c $((33 * 512)) ../whole > sda-gpt-2nd
            """);
        foreach (string view in (string[])["kernel", "tree"])
        {
            string directory = system.Mount(system["saved"], "--partition", "1", "--as", view);
            Trees.AssertEqual(system["source"], Path.Combine(directory, "data"));
            system.Run("umount", directory).Succeeds();
        }
    }
}
