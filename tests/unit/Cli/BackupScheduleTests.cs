using Imaged.Cli.Helpers;
using Imaged.Cli.Schedule;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Cli;

public sealed class BackupScheduleTests
{
    [Fact]
    public void Settings_are_read_and_what_is_left_out_has_a_sensible_value()
    {
        BackupSchedule schedule = BackupSchedule.Parse(
            "data",
            [
                "# nightly", "source = /dev/vg0/data", "target=/backup # here", "calendar = Mon..Fri 02:00",
                "calendar = Sun 12:00", "keep = daily=7,weekly=4", "level = 9", "rate = 50M", "keep-going = yes",
                "cpu = 50%", "on-failure = mail@backup.service",
            ]);
        Assert.Empty(schedule.Problems);
        Assert.Equal("/dev/vg0/data", schedule.Source);
        Assert.Equal("/backup", schedule.Target);
        Assert.Equal(["Mon..Fri 02:00", "Sun 12:00"], schedule.Calendar);
        Assert.Equal(["--level=9", "--rate=50M", "--keep-going"], schedule.Options);
        Assert.Equal(("50%", "mail@backup.service"), (schedule.Cpu, schedule.OnFailure));
        Assert.Equal(("1h", 7, true, false), (schedule.Delay, schedule.FullEvery, schedule.Check, schedule.Merge));
        Assert.Equal(["daily"], BackupSchedule.Parse("data", []).Calendar);
        Assert.Empty(BackupSchedule.Parse("data", ["calendar = never"]).Calendar);
    }

    [Theory]
    [InlineData("source = sda1")]
    [InlineData("target = backup")]
    [InlineData("target = /back%up")]
    [InlineData("keep = sometimes=3")]
    [InlineData("full-every = 0")]
    [InlineData("full-every = 18")]
    [InlineData("merge = maybe")]
    [InlineData("cpu = fast")]
    [InlineData("cpu = %")]
    [InlineData("on-failure = x\\\\ny")]
    [InlineData("sources = /dev/sda1")]
    [InlineData("nonsense")]
    public void A_wrong_line_is_told_with_its_number(string line)
    {
        BackupSchedule schedule = BackupSchedule.Parse("data", ["source = /dev/sda1", "target = /backup", line]);
        Assert.Equal([$"line 3: '{line}' is not a known setting with a valid value"], schedule.Problems);
    }

    [Fact]
    public void Source_and_target_have_to_be_named() =>
        Assert.Contains("'source' and 'target'", Assert.Single(BackupSchedule.Parse("data", []).Problems));

    [Theory]
    [InlineData("data-20261127T020000Z.qcow2", true)]
    [InlineData("data-20261127T020000Z.qcow2.new", false)]
    [InlineData("data-old-20261127T020000Z.qcow2", false)]
    [InlineData("data-.qcow2", false)]
    [InlineData("data-qcow2", false)]
    [InlineData("data.qcow2", false)]
    public void A_backup_belongs_to_the_schedule_that_its_name_begins_with(string file, bool belongs) =>
        Assert.Equal(belongs, BackupSchedule.Parse("data", []).Owns(file));

    [Fact]
    public void A_backup_gets_a_name_that_no_other_has()
    {
        using TemporaryFolder folder = new();
        BackupSchedule schedule = BackupSchedule.Parse("data", []);
        for (int i = 0; i < 3; i++)
        {
            string name = schedule.NameBackup(folder.Path);
            Assert.True(schedule.Owns(name), name);
            File.WriteAllText(folder[name], string.Empty);
        }

        Assert.Equal(3, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public void The_generator_makes_timers_and_limits_of_the_settings()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["units"]);
        BackupGenerator.Write(
            BackupSchedule.Parse(
                "data",
                [
                    "source = /dev/sda1", "target = /backup", "calendar = Mon 02:00", "calendar = Thu 02:00",
                    "delay = 5min", "cpu = 25%", "on-failure = mail.service",
                ]),
            folder["units"]);
        BackupGenerator.Write(BackupSchedule.Parse("wrong", ["nonsense"]), folder["units"]);
        BackupGenerator.Write(
            BackupSchedule.Parse("manual", ["source = /a", "target = /b", "calendar = never"]), folder["units"]);
        Assert.Equal(
            "[Unit]\nRequiresMountsFor=/backup\nOnFailure=mail.service\n[Service]\nCPUQuota=25%\n",
            File.ReadAllText(Path.Combine(folder["units"], "imaged-backup@data.service.d/50-backup.conf")));
        Assert.Equal(
            "[Timer]\nOnCalendar=\nOnCalendar=Mon 02:00\nOnCalendar=Thu 02:00\nRandomizedDelaySec=5min\n",
            File.ReadAllText(Path.Combine(folder["units"], "imaged-backup@data.timer.d/50-backup.conf")));
        string[] wanted = Directory.GetFileSystemEntries(Path.Combine(folder["units"], "timers.target.wants"));
        Assert.Equal(
            ["imaged-backup@data.timer", "imaged-backup@wrong.timer"], wanted.Select(Path.GetFileName).Order());
        Assert.All(
            wanted,
            link => Assert.Equal(
                "/usr/lib/systemd/system/imaged-backup@.timer", new FileInfo(link).LinkTarget));
    }
}
