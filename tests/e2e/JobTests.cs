using System.Text.Json;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>Long actions as jobs.</summary>
public sealed class JobTests
{
    [Fact]
    public void A_job_is_listed_goes_on_without_its_terminal_and_tells_its_end()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = MakeDisk(system);
        using RunningCommand backup =
            system.Begin("backup", disk, system["disk.qcow2"], "--rate", "8M", "--progress", "json");
        JsonElement job = WaitForPhase(system, "save");
        Assert.Equal("backup", job.GetProperty("verb").GetString());
        Assert.Equal(backup.Pid, job.GetProperty("pid").GetInt32());
        Assert.Equal(disk, job.GetProperty("arguments")[1].GetString());
        backup.Signal("HUP");

        string id = job.GetProperty("id").GetString()!;
        system.Run("job", "wait", id).Succeeds();
        CommandResult ended = backup.Finish();
        Assert.Equal(0, ended.ExitCode);
        system.Run("verify", system["disk.qcow2"]).Succeeds();

        job = JsonDocument.Parse(system.Run("--json", "job", "show", id).Succeeds().Output).RootElement;
        Assert.Equal("done", job.GetProperty("state").GetString());
        Assert.Contains("saved as", system.Run("job", "show", id).Succeeds().Output, StringComparison.Ordinal);
        system.Run("job", "cancel", id).Fails(3, "has ended");

        JsonElement[] levels =
        [
            .. ended.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => line.StartsWith('{'))
                .Select(line => JsonDocument.Parse(line).RootElement),
        ];
        Assert.Equal(
            ["look", "save", "check", "done"], levels.Select(l => l.GetProperty("phase").GetString()).Distinct());
        Assert.All(levels, level => Assert.Equal(id, level.GetProperty("job").GetString()));
        Assert.Contains(levels, level => level.TryGetProperty("rate", out JsonElement rate) && rate.GetInt64() > 0);
        Assert.All(
            levels,
            level => Assert.InRange(level.GetProperty("done").GetInt64(), 0, level.GetProperty("total").GetInt64()));
    }

    [Fact]
    public void A_cancelled_job_leaves_nothing_but_its_record()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = MakeDisk(system);
        using RunningCommand backup = system.Begin("backup", disk, system["disk.qcow2"], "--rate", "1M");
        string id = WaitForPhase(system, "save").GetProperty("id").GetString()!;
        system.Run("job", "cancel", id).Succeeds();
        Assert.Equal(143, backup.Finish().ExitCode);
        Assert.False(File.Exists(system["disk.qcow2"]));
        Assert.Contains("cancelled", system.Run("job").Succeeds().Output, StringComparison.Ordinal);
        system.Run("job", "wait", id).Fails(143, "cancelled");
    }

    [Fact]
    public void A_killed_job_is_told_as_lost()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = MakeDisk(system);
        using RunningCommand backup = system.Begin("backup", disk, system["disk.qcow2"], "--rate", "1M");
        string id = WaitForPhase(system, "save").GetProperty("id").GetString()!;
        backup.Signal("KILL");
        backup.Finish();
        system.Run("job", "wait", id).Fails(1, "lost");
        Assert.False(File.Exists(system["disk.qcow2"]));
        system.Run("job", "show", "../" + id).Fails(4, "no job");
        system.Run("job", "show", "99").Fails(4, "no job");
    }

    [Fact]
    public void Records_of_ended_jobs_do_not_pile_up_and_nonsense_among_them_does_no_harm()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        for (int i = 0; i < 25; i++)
        {
            system.Run("verify", system.Sample("demo.iso")).Succeeds();
        }

        string folder = system["jobs"];
        Assert.Equal(20, Directory.GetFiles(folder, "*.json").Length);
        File.WriteAllText(Path.Combine(folder, "100.json"), "{ nonsense");
        File.WriteAllText(Path.Combine(folder, "101.json"), "{\"pid\":1,\"arguments\":[\"\\u001b[31m\"]}");
        Tool.Run("mkfifo", Path.Combine(folder, "102.json"));
        Directory.CreateDirectory(Path.Combine(folder, "103.json"));
        string text = system.Run("job", "list").Succeeds().Output;
        Assert.DoesNotContain('\x1b', text);
        Assert.Contains("lost", text, StringComparison.Ordinal);
        system.Run("verify", system.Sample("demo.iso")).Succeeds();
    }

    private static string MakeDisk(PrivateSystem system)
    {
        Tool.Run("/bin/sh", "-c", $"head -c 24M /dev/urandom >'{system["disk"]}'");
        return system["disk"];
    }

    private static JsonElement WaitForPhase(PrivateSystem system, string phase)
    {
        JsonElement found = default;
        Assert.True(Machine.Eventually(() =>
        {
            string text = system.Run("--json", "job", "list").Succeeds().Output;
            JsonElement jobs = JsonDocument.Parse(text).RootElement.GetProperty("jobs");
            found = jobs.EnumerateArray().FirstOrDefault(
                job => job.GetProperty("level").GetProperty("phase").GetString() == phase);
            return found.ValueKind == JsonValueKind.Object;
        }));
        return found;
    }
}
