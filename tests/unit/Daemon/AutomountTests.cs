using Imaged.Daemon.Config;
using Imaged.Daemon.Manager;
using Imaged.Ipc.Contract;
using Xunit;

namespace Imaged.UnitTests.Daemon;

public sealed class AutomountTests
{
    private static readonly AutomountDevice Stick = new()
    {
        Path = "/dev/sdb1",
        Links = ["/dev/disk/by-label/MY_STICK", "/dev/disk/by-path/pci-0000:00:14.0-usb-0:2:1.0-scsi-0:0:0:0-part1"],
        Label = "MY STICK",
        Uuid = "1234-ABCD",
        Serials = ["A1B2", "Maker_Model_A1B2-0:0"],
        Bus = "usb",
    };

    [Fact]
    public void Nothing_is_mounted_by_itself_unless_the_administrator_says_so()
    {
        AutomountConfig config = Parse();
        Assert.False(AutomountPolicy.Decide(config, Stick).Allowed);
        Assert.False(AutomountPolicy.Decide(config, null).Allowed);
        Assert.Contains("automount-devices", AutomountPolicy.Decide(config, Stick).Reason, StringComparison.Ordinal);
        Assert.Contains("automount-folder", AutomountPolicy.Decide(config, null).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_thing_is_turned_on_by_itself()
    {
        AutomountReply devices = AutomountPolicy.Decide(Parse("automount-devices = yes"), Stick);
        Assert.True(devices is { Allowed: true, Files: true, Folder: null, Kernel: false });
        AutomountReply images = AutomountPolicy.Decide(Parse("automount-images = /boot/images/"), Stick);
        Assert.True(images is { Allowed: true, Files: false, Folder: "boot/images" });
        Assert.False(AutomountPolicy.Decide(Parse("automount-folder = yes"), Stick).Allowed);
        Assert.False(AutomountPolicy.Decide(Parse("automount-devices = yes"), null).Allowed);
        AutomountReply folder = AutomountPolicy.Decide(
            Parse("automount-folder = yes", "automount-names = *.iso *.img", "automount-kernel = yes"), null);
        Assert.Equal(AutomountConfig.UsualFolder, folder.Folder);
        Assert.Equal(["*.iso", "*.img"], folder.Names);
        Assert.True(folder is { Allowed: true, Kernel: true });
        Assert.Equal("/srv/drop", AutomountPolicy.Decide(Parse("automount-folder = /srv/drop/"), null).Folder);
        Assert.False(AutomountPolicy.Decide(Parse("automount-folder = yes", "automount-folder = no"), null).Allowed);
    }

    [Theory]
    [InlineData("bus:usb", true)]
    [InlineData("bus:ata", false)]
    [InlineData("label:MY*", true)]
    [InlineData("label:\"my stick\"", true)]
    [InlineData("label:MY", false)]
    [InlineData("label:?Y?STICK", true)]
    [InlineData("uuid:1234-abcd", true)]
    [InlineData("serial:A1B2", true)]
    [InlineData("serial:Maker_*", true)]
    [InlineData("path:/dev/sdb1", true)]
    [InlineData("path:/dev/sdb", false)]
    [InlineData("path:/dev/disk/by-path/pci-0000:00:14.0-usb-0:2:*", true)]
    [InlineData("bus:usb label:MY* serial:A1B2", true)]
    [InlineData("bus:usb label:OTHER", false)]
    public void A_device_is_allowed_by_a_line_of_which_all_patterns_fit(string line, bool allowed)
    {
        AutomountConfig config =
            Parse("automount-devices = yes", "automount-allow = label:X", "automount-allow = " + line);
        AutomountReply reply = AutomountPolicy.Decide(config, Stick);
        Assert.Equal(allowed, reply.Allowed);
        Assert.Equal(!allowed, reply.Reason.Contains("no line 'automount-allow' fits", StringComparison.Ordinal));
    }

    [Fact]
    public void A_pattern_does_not_fit_what_a_device_does_not_tell()
    {
        AutomountDevice device = new() { Path = "/dev/sdc" };
        foreach (string key in new[] { "label", "uuid", "serial", "bus" })
        {
            AutomountConfig config = Parse("automount-devices = yes", $"automount-allow = {key}:*");
            Assert.False(AutomountPolicy.Decide(config, device).Allowed, key);
        }
    }

    [Theory]
    [InlineData("automount-devices = maybe")]
    [InlineData("automount-allow = usb")]
    [InlineData("automount-allow = colour:blue")]
    [InlineData("automount-allow = bus:usb label")]
    [InlineData("automount-allow = label:")]
    [InlineData("automount-allow = label:\"MY STICK")]
    [InlineData("automount-allow =")]
    [InlineData("automount-images = ../etc")]
    [InlineData("automount-images = images/../../etc")]
    [InlineData("automount-images =")]
    [InlineData("automount-folder = drop")]
    [InlineData("automount-names =")]
    [InlineData("automount-colour = blue")]
    public void A_line_that_is_wrong_is_told_and_allows_nothing(string line)
    {
        DaemonConfig config = DaemonConfig.Parse([line]);
        Assert.Single(config.Problems);
        Assert.True(config.Automount is { Devices: false, Images: null, Folder: null, Kernel: false });
        Assert.DoesNotContain(config.Automount.Allow, rule => rule.Fits(Stick));
    }

    [Fact]
    public void A_wrong_allow_line_does_not_open_the_door_that_it_should_keep_closed()
    {
        DaemonConfig config = DaemonConfig.Parse(["automount-devices = yes", "automount-allow = buss:usb"]);
        Assert.Single(config.Problems);
        Assert.False(AutomountPolicy.Decide(config.Automount, Stick).Allowed);
    }

    private static AutomountConfig Parse(params string[] lines)
    {
        DaemonConfig config = DaemonConfig.Parse(lines);
        Assert.Empty(config.Problems);
        return config.Automount;
    }
}
