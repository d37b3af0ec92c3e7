using Imaged.Blocks;
using Imaged.Formats.Iso9660;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Iso9660;

/// <summary>Images made by many programs, against other readers.</summary>
public sealed class IsoSampleTests
{
    /// <summary>All samples that hold the file system.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "blkid/iso-different-iso-joliet-label.img.xz", "blkid/iso-multi-0-174-348-genisoimage.img.xz",
        "blkid/iso-rr-joliet.img.xz", "blkid/iso.img.xz", "iso/clamav-normal.iso", "iso/extractcode-small.iso.xz",
        "iso/grub-early_ce.iso.gz", "iso/hooklift-test.iso.xz", "iso/k3b-iso.iso", "iso/k3b-joliet.iso",
        "iso/k3b-rockridge.iso", "iso/libarchive-iso_2.iso.Z", "iso/libarchive-iso_joliet.iso.Z",
        "iso/libarchive-iso_joliet_long.iso.Z", "iso/libarchive-iso_joliet_utf16be_overflow.iso",
        "iso/libarchive-iso_rockridge.iso.Z", "iso/libarchive-iso_rockridge_ce_loop.iso.Z",
        "iso/libarchive-iso_rockridge_rr_moved.iso.Z", "iso/libarchive-iso_xorriso.iso.Z",
        "iso/libarchive-iso_zisofs_overflow.iso", "iso/libarchive-test_fuzz_1.iso.Z", "iso/libcdio-bad-dir.iso",
        "iso/libcdio-copying-rr.iso.xz", "iso/libcdio-copying.iso", "iso/libcdio-deep-directory.iso.xz",
        "iso/libcdio-joliet.iso.xz", "iso/libcdio-malformed.iso", "iso/libcdio-multi_extent_8k.iso",
        "iso/mikeos.iso.xz", "iso/mirage2iso-00_input.iso.xz", "iso/ms-multisystem.iso.xz", "iso/psp-iotest.iso",
        "iso/utl-sample.iso.gz", "iso/virtman-fake-f29-live.iso.xz", "iso/virtman-fake-no-osinfo.iso.xz",
        "iso/virtman-fake-win7.iso.xz",
    ];

    public static TheoryData<string> All { get; } = [.. Names];

    public static TheoryData<string, string> Sound { get; } = MakeSound();

    [Theory]
    [MemberData(nameof(Sound))]
    public void Samples_hold_what_another_reader_extracts(string name, string extensions)
    {
        Requires.Tool("bsdtar");
        using BlockSource volume = Samples.Open(name);
        using FileTree tree = IsoImage.Open(volume, extensions, session: 1);
        using TemporaryFolder folder = new();
        string options = extensions switch
        {
            "rockridge" => "!joliet",
            "joliet" => "!rockridge",
            _ => "!joliet,!rockridge",
        };
        // It may fail to make the device nodes of a sample, which have impossible numbers.
        _ = Tool.TryRun("bsdtar", "-x", "-p", "--options", $"iso9660:{string.Join(",iso9660:", options.Split(','))}",
            "-C", folder.Path, "-f", Samples.Get(name));
        SortedDictionary<string, string> expected = HostTree.Of(folder.Path, full: false);
        if (extensions == "plain")
        {
            expected = new(
                expected.ToDictionary(item => item.Key.ToLowerInvariant(), item => item.Value), StringComparer.Ordinal);
        }

        Assert.NotEmpty(expected);
        SortedDictionary<string, string> actual = HostTree.Of(tree, full: false);
        foreach (string device in actual.Where(item => item.Value[0] is 'b' or 'c').Select(item => item.Key).ToArray())
        {
            actual.Remove(device);
            expected.Remove(device);
        }

        HostTree.AssertSame(expected, actual);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Samples_end_in_a_tree_or_a_named_error(string name)
    {
        using BlockSource volume = Samples.Open(name);
        Assert.NotNull(Iso9660FileSystem.Probe(volume));
        foreach (string? extensions in (string?[])[null, "rockridge", "joliet", "enhanced", "plain"])
        {
            HostileInput.Allow(() =>
            {
                using FileTree tree = IsoImage.Open(volume, extensions);
                TreeWalk.Touch(tree);
            });
        }
    }

    [Theory]
    [InlineData("iso/libarchive-test_fuzz_1.iso.Z")]
    [InlineData("iso/libarchive-iso_zisofs_overflow.iso")]
    [InlineData("iso/libarchive-iso_rockridge_ce_loop.iso.Z")]
    [InlineData("iso/grub-early_ce.iso.gz")]
    public void Damaged_samples_still_show_their_root(string name)
    {
        using BlockSource volume = Samples.Open(name);
        using FileTree tree = IsoImage.Open(volume);
        Assert.NotEmpty(tree.ReadDirectory(tree.Root.Id, 0).Take(1));
    }

    private static TheoryData<string, string> MakeSound()
    {
        TheoryData<string, string> data = [];
        foreach ((string name, string schemes) in ((string, string)[])
            [
                ("blkid/iso-rr-joliet.img.xz", "rockridge joliet plain"), ("blkid/iso.img.xz", "plain"),
                ("iso/clamav-normal.iso", "joliet"), ("iso/extractcode-small.iso.xz", "joliet"),
                ("iso/hooklift-test.iso.xz", "rockridge plain"), ("iso/k3b-iso.iso", "plain"),
                ("iso/k3b-joliet.iso", "joliet"), ("iso/k3b-rockridge.iso", "rockridge"),
                ("iso/libarchive-iso_2.iso.Z", "plain"), ("iso/libarchive-iso_joliet.iso.Z", "rockridge joliet"),
                ("iso/libarchive-iso_joliet_long.iso.Z", "joliet"), ("iso/libarchive-iso_rockridge.iso.Z", "rockridge"),
                ("iso/libarchive-iso_rockridge_rr_moved.iso.Z", "rockridge"),
                ("iso/libarchive-iso_xorriso.iso.Z", "rockridge"), ("iso/libcdio-copying-rr.iso.xz", "rockridge"),
                ("iso/libcdio-copying.iso", "plain"), ("iso/libcdio-deep-directory.iso.xz", "rockridge"),
                ("iso/libcdio-joliet.iso.xz", "joliet"), ("iso/libcdio-multi_extent_8k.iso", "rockridge plain"),
                ("iso/mikeos.iso.xz", "plain"), ("iso/mirage2iso-00_input.iso.xz", "rockridge joliet"),
                ("iso/ms-multisystem.iso.xz", "joliet"), ("iso/psp-iotest.iso", "plain"),
                ("iso/virtman-fake-f29-live.iso.xz", "rockridge joliet"), ("iso/virtman-fake-win7.iso.xz", "joliet"),
                ("iso/virtman-fake-no-osinfo.iso.xz", "joliet"),
            ])
        {
            foreach (string scheme in schemes.Split(' '))
            {
                data.Add(name, scheme);
            }
        }

        return data;
    }
}
