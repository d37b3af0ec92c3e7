using Imaged.Linux;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.UnitTests.Linux;

public sealed class MountTests
{
    [Fact]
    public void A_file_system_is_mounted_on_a_descriptor_and_found_in_the_table()
    {
        Requires.Root();
        using TemporaryFolder folder = new();
        string target = Directory.CreateDirectory(folder["a target"]).FullName;
        using SafeFileHandle mount = MountApi.Create(
            "tmpfs",
            [new("source", "imaged:test"), new("size", "64k")],
            MountAttributes.NoSuid | MountAttributes.NoDev);
        using (SafeFileHandle directory = HostPath.OpenPath(target))
        {
            MountApi.Move(mount, directory);
        }

        mount.Dispose();
        MountEntry entry = MountTable.Read().Single(e => e.Path == target);
        Assert.Equal("tmpfs", entry.Type);
        Assert.Equal("imaged:test", entry.Source);
        Assert.True(MountApi.TryUnmount(entry, lazy: false));
        Assert.DoesNotContain(MountTable.Read(), e => e.Path == target);
    }

    [Fact]
    public void The_kernel_s_own_words_are_in_the_error()
    {
        Requires.Root();
        LinuxException error = Assert.Throws<LinuxException>(() =>
            MountApi.Create("tmpfs", [new("size", "nonsense")], MountAttributes.None));
        Assert.Equal(Errno.EINVAL, error.Errno);
        Assert.Contains("size", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_without_a_driver_is_no_such_device()
    {
        Requires.Root();
        LinuxException error =
            Assert.Throws<LinuxException>(() => MountApi.Create("nosuchfs", [], MountAttributes.None));
        Assert.Equal(Errno.ENODEV, error.Errno);
    }

    [Theory]
    [InlineData(@"a\040b", "a b")]
    [InlineData(@"\134", @"\")]
    [InlineData(@"\303\244", "ä")]
    [InlineData(@"a\9", @"a\9")]
    public void Octal_escapes_are_bytes(string escaped, string text) =>
        Assert.Equal(text, MountTable.Unescape(escaped));

    [Fact]
    public void A_line_with_optional_fields_is_read()
    {
        MountEntry? entry = MountTable.Parse(
            "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue");
        Assert.Equal(new MountEntry(36, new DeviceNumber(98, 0), "/mnt1", "/mnt2", "ext3", "/dev/root"), entry);
        Assert.Null(MountTable.Parse("nonsense"));
    }
}
