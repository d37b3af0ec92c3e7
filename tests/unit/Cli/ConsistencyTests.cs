using Imaged.Cli;
using Imaged.Cli.Consistency;
using Imaged.Linux;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.UnitTests.Cli;

/// <summary>What keeps a source from changing, as far as no LVM is needed for it: lines of its tools are as those of
/// Debian 12 print them.</summary>
public sealed class ConsistencyTests
{
    [Theory]
    [InlineData("auto", "Auto", null, 300)]
    [InlineData("unused", "Unused", null, 300)]
    [InlineData("snapshot", "Snapshot", null, 300)]
    [InlineData("snapshot:10G", "Snapshot", 10L << 30, 300)]
    [InlineData("freeze", "Freeze", null, 300)]
    [InlineData("freeze:86400", "Freeze", null, 86400)]
    public void A_choice_is_a_word_with_a_limit(string text, string mode, long? size, int seconds)
    {
        ConsistencyChoice choice = ConsistencyChoice.Parse(text);
        Assert.Equal(mode, choice.Mode.ToString());
        Assert.Equal(size, choice.SnapshotSize);
        Assert.Equal(seconds, choice.FreezeSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Auto")]
    [InlineData("auto:1")]
    [InlineData("unused:1")]
    [InlineData("snapshot:")]
    [InlineData("snapshot:0")]
    [InlineData("snapshot:-1")]
    [InlineData("snapshot:10%")]
    [InlineData("snapshot:9999999999999999T")]
    [InlineData("freeze:0")]
    [InlineData("freeze:86401")]
    [InlineData("freeze:5m")]
    public void Another_choice_is_refused(string text) =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => ConsistencyChoice.Parse(text)).ExitCode);

    [Fact]
    public void A_line_of_lvs_is_a_volume()
    {
        LogicalVolume? volume =
            LogicalVolume.Parse("  vg-data|srv|1073741824|-wi-ao----||536870912|4194304\n");
        Assert.Equal(new("vg-data", "srv", 1 << 30, "-wi-ao----", string.Empty, 512 << 20, 4 << 20), volume);
        Assert.False(volume!.IsThin || volume.IsSnapshot);
        Assert.True(LogicalVolume.Parse("  vg|thin|1|Vwi-aotz--|pool|0|4194304")!.IsThin);
        Assert.True(LogicalVolume.Parse("  vg|snap|1|swi-a-s---||0|4194304")!.IsSnapshot);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  vg|lv|1073741824")]
    [InlineData("  vg|lv|1.00g|-wi-ao----||0|4194304")]
    [InlineData("  vg|lv|1|-wi-ao----||0|0")]
    public void Another_line_is_none(string line) => Assert.Null(LogicalVolume.Parse(line));

    [Theory]
    [InlineData("0 2097152 snapshot 16/8192 16\n", false)]
    [InlineData("0 2097152 snapshot 8192/8192 40\n", false)]
    [InlineData("0 2097152 snapshot Invalid\n", true)]
    [InlineData("0 2097152 snapshot Overflow\n", true)]
    [InlineData("0 2097152 thin 12345 2097151\n", false)]
    [InlineData("0 2097152 thin Fail\n", true)]
    [InlineData("0 2097152 error\n", true)]
    [InlineData("", true)]
    public void The_status_of_a_snapshot_says_whether_it_is_lost(string status, bool isLost) =>
        Assert.Equal(isLost, SnapshotStatus.IsLost(status));

    [Theory]
    [InlineData("0 409600 thin-pool 1 10/1024 1600/3200 - rw discard_passdown queue_if_no_space - 1024 ", 50)]
    [InlineData("0 409600 thin-pool 1 1000/1024 1600/3200 - rw", 97)]
    [InlineData("0 409600 thin-pool Fail", null)]
    [InlineData("0 409600 thin-pool 1 10/0 1600/3200 - rw", null)]
    [InlineData("", null)]
    public void A_pool_is_as_full_as_the_fuller_of_its_two_parts(string status, int? percent) =>
        Assert.Equal(percent, SnapshotStatus.PercentOfPool(status));

    [Theory]
    [InlineData("vg/imaged_backup_0123456789abcdef", true)]
    [InlineData("my-vg.1/imaged_backup_0123456789abcdef", true)]
    [InlineData("vg/root", false)]
    [InlineData("-vg/imaged_backup_0123456789abcdef", false)]
    [InlineData("vg/imaged_backup_0123456789abcdef\nvg/root", false)]
    [InlineData("a b/imaged_backup_0123456789abcdef", false)]
    [InlineData("", false)]
    public void Only_a_snapshot_of_a_backup_is_ever_swept(string text, bool isOne) =>
        Assert.Equal(isOne, SnapshotMarkers.IsSnapshot(text));

    [Fact]
    public void The_device_mapper_doubles_dashes() => Assert.Equal("my--vg-a--b", Lvm.MappedName("my-vg", "a-b"));

    [Fact]
    public void A_marker_is_left_alone_as_long_as_it_is_locked()
    {
        using TemporaryFolder folder = new();
        string markers = folder["snapshots"];
        SnapshotMarkers sweeper = new(markers);
        Assert.True(sweeper.Sweep());
        string path = Path.Combine(markers, "one");
        using (SafeFileHandle marker = sweeper.Create("one", "no snapshot"))
        {
            Assert.Equal("no snapshot\n", Tool.Run("cat", path).Text);
            Assert.True(sweeper.Sweep());
        }

        // What names no snapshot is not removed, and told of: a person has to look.
        Assert.False(sweeper.Sweep());
        Assert.True(File.Exists(path));
        sweeper.Remove("one");
        Assert.True(sweeper.Sweep());
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(markers));
    }

    [Fact]
    public void A_program_of_the_host_says_what_it_printed()
    {
        string shell = HostCommand.Find("sh")!;
        HostCommandResult result = HostCommand.Run(shell, ["-c", "echo out; echo a >&2; echo b >&2; exit 3"], -1);
        Assert.Equal(new(3, "out\n", "a\nb\n"), result);
        Assert.Equal("b", result.Complaint);
        Assert.Equal("it ended with 4", HostCommand.Run(shell, ["-c", "exit 4"], -1).Complaint);
        Assert.Equal(-1, HostCommand.Run(shell, ["-c", "kill -9 $$"], -1).ExitCode);
        Assert.Null(HostCommand.Find("imaged-no-such-program"));
    }
}
