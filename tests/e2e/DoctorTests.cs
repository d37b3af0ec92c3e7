using System.Text.Json;
using System.Text.Json.Nodes;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>The doctor sees what is wrong, says what to do, and its remedy helps.</summary>
public sealed class DoctorTests
{
    [Fact]
    public void With_a_daemon_in_order_there_is_no_problem()
    {
        using PrivateSystem system = PrivateSystem.Start("group = nogroup");
        string directory = system.Mount(system.Sample("demo.iso"));
        CommandResult result = system.Run("doctor").Succeeds();
        Assert.Contains("the kernel speaks FUSE 7.", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("PROBLEM", result.Output, StringComparison.Ordinal);
        foreach (string check in (string[])[
            "kernel", "fuse", "loop", "worker", "daemon", "fuse-version", "drivers", "configuration", "group",
            "daemon-worker", "cache", "attachments"])
        {
            Assert.Equal("fine", Find(system, check).GetProperty("state").GetString());
        }

        system.RunAsNobody("doctor").Succeeds();
        system.Run("umount", directory).Succeeds();
    }

    [Fact]
    public void Lines_that_the_daemon_did_not_understand_are_repeated_and_the_rest_holds()
    {
        using PrivateSystem system =
            PrivateSystem.Start("group = nogroup", "colour = blue", "max-attachments-per-user = many");
        CommandResult result = system.Run("doctor");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("line 2: 'colour = blue'", result.Output, StringComparison.Ordinal);
        Assert.Contains("line 3: 'max-attachments-per-user = many'", result.Output, StringComparison.Ordinal);
        Assert.Contains("-> correct it", result.Output, StringComparison.Ordinal);
        system.RunAsNobody("list").Succeeds();
    }

    [Fact]
    public void Without_a_daemon_it_says_how_to_start_one()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        Assert.Equal(1, system.Run("doctor").ExitCode);
        JsonElement finding = Find(system, "daemon");
        Assert.Equal("problem", finding.GetProperty("state").GetString());
        Assert.StartsWith("start it with: ", finding.GetProperty("remedy").GetString(), StringComparison.Ordinal);
        Assert.Equal("fine", Find(system, "kernel").GetProperty("state").GetString());
    }

    [Fact]
    public void Who_may_not_talk_to_the_daemon_is_told_how_to_be_let_in()
    {
        Requires.Tool("setpriv");
        using PrivateSystem system = PrivateSystem.Start("group = root");
        CommandResult result = system.RunAsNobody("doctor");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("adduser", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_that_is_missing_is_a_problem()
    {
        using PrivateSystem system = PrivateSystem.Start("group = no-such-group");
        Assert.Equal("problem", Find(system, "group").GetProperty("state").GetString());
    }

    [Fact]
    public void What_is_left_over_is_found_and_goes_by_the_remedy()
    {
        using PrivateSystem system = PrivateSystem.Start("group = nogroup");
        string image = system.Sample("ext2.img.xz");
        system.Run("attach", image).Succeeds();
        string tree = system.Mount(system.Sample("demo.iso"));
        system.KillDaemon();

        // All that its successor could know of them is gone.
        string record = Directory.GetFiles(system["state/attachments"], "*.json")
            .Single(file => JsonNode.Parse(File.ReadAllText(file))!["Image"]!.GetValue<string>() == image);
        File.Delete(record);
        File.WriteAllText(system["state/attachments/zzzzzz.json.new"], "half a record");
        Directory.CreateDirectory(Path.Combine(system.Media, "empty"));
        system.StartDaemon();
        Assert.Equal(1, system.Run("doctor").ExitCode);

        // Others are not told of what is not theirs.
        system.RunAsNobody("doctor").Succeeds();
        foreach (string check in (string[])["loop-devices", "records", "mount-points"])
        {
            string remedy = Find(system, check).GetProperty("remedy").GetString()!;
            Tool.Shell(remedy[(remedy.IndexOf(": ", StringComparison.Ordinal) + 1)..]);
        }

        Assert.Equal("fine", Find(system, "attachments").GetProperty("state").GetString());
        system.Run("umount", tree).Succeeds();
        system.Run("doctor").Succeeds();
    }

    private static JsonElement Find(PrivateSystem system, string check) =>
        system.Run("doctor", "--json").Json.GetProperty("findings").EnumerateArray()
            .Single(finding => finding.GetProperty("check").GetString() == check);
}
