using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Formats.Signatures;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Signatures;

/// <summary>Recognised volumes, compared with blkid.</summary>
public sealed class SignatureTests
{
    // Read by imaged itself, elsewhere in the table of file systems.
    private static readonly string[] ReadByUs =
    [
        "vfat", "exfat", "ntfs", "iso9660", "udf", "ext2", "ext3", "ext4", "squashfs", "squashfs3", "hfsplus", "hfs",
        "apfs",
    ];

    // Not in the table, with the reason.
    private static readonly Dictionary<string, string> NotClaimed = new(StringComparer.Ordinal)
    {
        ["adaptec_raid_member"] = "a controller's RAID: of no use without its other members",
        ["ddf_raid_member"] = "a controller's RAID",
        ["hpt45x_raid_member"] = "a controller's RAID",
        ["isw_raid_member"] = "a controller's RAID",
        ["jmicron_raid_member"] = "a controller's RAID",
        ["promise_fasttrack_raid_member"] = "a controller's RAID",
        ["silicon_medley_raid_member"] = "a controller's RAID",
        ["drbd"] = "replication metadata at the end; the file system before it counts",
        ["drbdmanage_control_volume"] = "replication metadata",
        ["vdo"] = "needs the kernel's device mapper and says nothing of files",
        ["ubi"] = "flash translation, not a disk",
        ["mpool"] = "a storage engine",
        ["minix"] = "a magic number of two bytes would claim other volumes",
        ["xfs_external_log"] = "a journal without its file system",
        ["tuxonice"] = "hibernation image of a kernel that is not the mainline one",
        ["VMFS"] = "cluster file system without a driver",
        ["VMFS_volume_member"] = "cluster file system without a driver",
    };

    public static IEnumerable<TheoryDataRow<string>> BlkidSamples() => !Samples.Available
        ? [new TheoryDataRow<string>("none")
        {
            Skip = $"needs the sample images (IMAGED_SAMPLES), not in '{Samples.Root}'",
        }]
        : Directory.EnumerateFiles(Path.Combine(Samples.Root, "blkid"), "*.img.xz")
            .Where(path => !path.Contains("bcachefs", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => new TheoryDataRow<string>("blkid/" + Path.GetFileName(path)));

    [Theory]
    [MemberData(nameof(BlkidSamples))]
    public void Sample_has_the_type_label_and_uuid_of_blkid_or_is_left_out_for_a_reason(string name)
    {
        Requires.Tool("blkid");
        Dictionary<string, string> expected = Blkid.Probe(Samples.Get(name));
        using BlockSource volume = Samples.Open(name);
        Compare(volume, expected);
    }

    [Fact]
    public void Physical_volume_of_lvm_has_the_uuid_of_blkid()
    {
        Requires.Tool("blkid");
        using TemporaryFolder folder = new();
        string path = TreeSamples.Unpack("lvm.img.xz", folder.Path);
        using FileSource volume = FileSource.Open(path);
        Compare(volume, Blkid.Probe(path));
    }

    [Theory]
    [InlineData("xfs", "truncate -s 320M {0}; mkfs.xfs -q -L label {0}")]
    [InlineData("btrfs", "truncate -s 120M {0}; mkfs.btrfs -q -L 'a label' {0}")]
    [InlineData("swap", "truncate -s 4M {0}; mkswap -L label {0}")]
    [InlineData("swap", "truncate -s 4M {0}; mkswap -p 65536 {0}")]
    [InlineData("f2fs", "truncate -s 64M {0}; mkfs.f2fs -q -l 'Größe' {0}")]
    [InlineData("erofs", "mkdir -p {0}.d; mkfs.erofs {0} {0}.d")]
    [InlineData("jfs", "truncate -s 32M {0}; mkfs.jfs -q -L label {0}")]
    [InlineData("reiserfs", "truncate -s 40M {0}; mkfs.reiserfs -q -l label {0}")]
    [InlineData("nilfs2", "truncate -s 160M {0}; mkfs.nilfs2 -L label {0}")]
    [InlineData("crypto_LUKS", "truncate -s 32M {0}; echo x | cryptsetup luksFormat -q --pbkdf-force-iterations 4 "
        + "--pbkdf-memory 32 --label abc {0}")]
    [InlineData("LVM2_member", "truncate -s 8M {0}; pvcreate {0}")]
    public void Volume_of_its_own_program_is_recognised(string type, string command)
    {
        string program = command.Split("; ")[^1].Replace("echo x | ", string.Empty, StringComparison.Ordinal)
            .Split(' ')[0];
        Requires.Tool("blkid", program);
        using TemporaryFolder folder = new();
        string path = folder["volume"];
        string script = $"PATH=$PATH:/usr/sbin:/sbin; ({string.Format(null, command, path)}) > {folder["log"]} 2>&1";
        ToolResult made = Tool.TryRun("bash", "-euc", script);
        Assert.SkipUnless(made.ExitCode == 0, $"{program} cannot do it here");
        Dictionary<string, string> expected = Blkid.Probe(path);
        Assert.Equal(type, expected["TYPE"]);
        using FileSource volume = FileSource.Open(path);
        Compare(volume, expected);
    }

    [Theory]
    [InlineData("raw/dfvfs-apfs.raw.xz")]
    [InlineData("floppy/opf-fat12-hfs.img.xz")]
    [InlineData("floppy/hughbe-hfs400K.dsk.xz")]
    public void Another_sample_has_the_type_label_and_uuid_of_blkid(string name)
    {
        Requires.Tool("blkid");
        using BlockSource volume = Samples.Open(name);
        Compare(volume, Blkid.Probe(Samples.Get(name)));
    }

    // Only a blkid newer than 2.38 knows it; the values are from its own expectations for these samples.
    [Theory]
    [InlineData("blkid/bcachefs.img.xz", "Label", "46bd306f-80ad-4cd0-af4f-147e7d85f393")]
    [InlineData("blkid/bcachefs-3.img.xz", "FS Label", "2262eedd-dc30-474e-b0b4-1d02cb3aa30d")]
    public void Bcachefs_is_not_mistaken_for_bcache(string name, string label, string uuid)
    {
        using BlockSource volume = Samples.Open(name);
        VolumeInfo info = Assert.Single(FileSystems.Probe(volume));
        Assert.Equal(("bcachefs", label, uuid), (info.FileSystem, info.Label, info.Uuid));
    }

    [Fact]
    public void Reading_a_volume_that_is_only_recognised_is_refused_by_name()
    {
        using BlockSource volume = Samples.Open("blkid/xfs.img.xz");
        FileTreeOptions options = new(new BlockCache(1 << 20));
        UnsupportedFeatureException error =
            Assert.Throws<UnsupportedFeatureException>(() => FileSystems.Open(volume, null, options));
        Assert.Equal("xfs", error.Format);
        Assert.Throws<UnsupportedFeatureException>(() => FileSystems.Open(volume, "xfs", options));
    }

    [Theory]
    [InlineData("blkid/ntfs.img.xz")]
    [InlineData("blkid/exfat.img.xz")]
    [InlineData("blkid/hfsplus.img.xz")]
    [InlineData("blkid/zfs.img.xz")]
    [InlineData("blkid/mdraid-1.img.xz")]
    [InlineData("blkid/luks2.img.xz")]
    public void Damaged_superblocks_never_throw(string name)
    {
        using BlockSource volume = Samples.Open(name);
        using MemorySource head = new(volume.ReadBytes(0, (int)Math.Min(volume.Length, 4 << 20)));
        HostileInput.Try(head, source =>
        {
            foreach (VolumeSignature signature in VolumeSignatures.All)
            {
                signature.Probe(source);
            }
        });
    }

    private static void Compare(BlockSource volume, Dictionary<string, string> expected)
    {
        string? type = expected.GetValueOrDefault("TYPE");
        ImmutableArray<VolumeInfo> found = [.. VolumeSignatures.All.Select(s => s.Probe(volume)).OfType<VolumeInfo>()];
        bool isLeftOut = NotClaimed.ContainsKey(expected.GetValueOrDefault("VERSION", string.Empty));
        if (type is null || isLeftOut || ReadByUs.Contains(type) || NotClaimed.ContainsKey(type))
        {
            Assert.Empty(found.Select(info => info.FileSystem));
            return;
        }

        VolumeInfo ours = Assert.Single(found);
        Assert.Equal(type, ours.FileSystem);
        Assert.Equal(expected.GetValueOrDefault("LABEL"), ours.Label);
        Assert.Equal(expected.GetValueOrDefault("UUID"), ours.Uuid);
        if (ours.Version is not null)
        {
            Assert.Equal(expected.GetValueOrDefault("VERSION"), ours.Version);
        }

        // What is recognised here is nothing that imaged reads.
        Assert.Equal([type], FileSystems.Probe(volume).Select(info => info.FileSystem));
    }
}
