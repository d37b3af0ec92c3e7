using Imaged.Cli.Automount;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Cli;

public sealed class UdevDeviceTests
{
    [Fact]
    public void The_database_of_udev_is_read_with_properties_and_links()
    {
        using TemporaryFolder folder = new();
        string file = Path.Combine(folder.Path, "b8:17");
        File.WriteAllText(
            file,
            "S:disk/by-label/MY_STICK\nS:disk/by-uuid/1234-ABCD\nW:7\nI:84133\nE:ID_BUS=usb\n"
            + "E:ID_FS_LABEL_ENC=MY\\x20STICK\nE:ID_SERIAL=A=B\nE:ID_NOTHING\nG:systemd\n");
        (Dictionary<string, string> properties, List<string> links) = UdevDevice.Read(file);
        Assert.Equal(["/dev/disk/by-label/MY_STICK", "/dev/disk/by-uuid/1234-ABCD"], links);
        Assert.Equal("usb", properties["ID_BUS"]);
        Assert.Equal("A=B", properties["ID_SERIAL"]);
        Assert.False(properties.ContainsKey("ID_NOTHING"));
        AutomountDevice device = new UdevDevice("/sys/x", "/dev/sdb1", new(8, 17), properties, links).Describe();
        Assert.Equal("MY STICK", device.Label);
        Assert.Equal(["A=B"], device.Serials);
        Assert.Null(device.Uuid);
    }

    [Fact]
    public void What_udev_does_not_know_has_no_properties() =>
        Assert.Empty(UdevDevice.Read("/no/such/file").Properties);

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData(@"a\x20b", "a b")]
    [InlineData(@"\xc3\xa9", "é")]
    [InlineData(@"\x5cx20", @"\x20")]
    [InlineData(@"\x0a", "\n")]
    [InlineData(@"end\x2", @"end\x2")]
    [InlineData(@"\xzz!", @"\xzz!")]
    public void Labels_are_read_as_udev_has_escaped_them(string text, string label) =>
        Assert.Equal(label, UdevDevice.Decode(text));

    [Theory]
    [InlineData("/sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host7/target7:0:0/7:0:0:0/block/sdb", "usb")]
    [InlineData("/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda", "ata")]
    public void A_disk_behind_a_bridge_is_on_the_bus_of_the_bridge(string path, string bus)
    {
        Dictionary<string, string> properties = new() { ["ID_BUS"] = "ata" };
        Assert.Equal(bus, new UdevDevice(path, "/dev/sdb", new DeviceNumber(8, 16), properties, []).Describe().Bus);
    }
}
