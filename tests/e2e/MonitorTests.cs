using System.Text.Json;
using Xunit;

namespace Imaged.E2e;

/// <summary>What happens is told to whoever may know, as it happens.</summary>
public sealed class MonitorTests
{
    [Fact]
    public void Root_sees_all_that_happens_in_order()
    {
        using HostileClient client = HostileClient.Start();
        PrivateSystem system = client.System;
        using RunningCommand monitor = Listen(system.Begin("monitor", "--json", "-v"));
        string image = system.Sample("demo.iso");
        string directory = system.RunAsNobody("mount", image).Succeeds().Output.TrimEnd('\n');
        int worker = Assert.Single(PrivateSystem.Workers);
        Machine.Signal(worker, "KILL");
        Assert.True(Machine.Eventually(() => monitor.OutputNow.Contains("workerReplaced", StringComparison.Ordinal)));
        Assert.True(File.Exists(Path.Combine(directory, "README.txt")));
        system.RunAsNobody("umount", directory).Succeeds();
        system.RunAsNobody("attach", image).Fails(5);
        Assert.True(Machine.Eventually(() => monitor.OutputNow.Contains("refused", StringComparison.Ordinal)));

        monitor.Signal("INT");
        CommandResult result = monitor.Finish();
        Assert.Equal(130, result.ExitCode);
        JsonElement[] events = [.. result.Output.TrimEnd('\n').Split('\n')
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
        Assert.Equal(
            ["attached", "workerLost", "workerReplaced", "detached", "refused"],
            events.Select(news => news.GetProperty("kind").GetString()));
        Assert.All(events, news => Assert.Equal(HostileClient.Nobody, news.GetProperty("owner").GetInt32()));
        Assert.All(
            events[..4], news => Assert.Equal(image, news.GetProperty("attachment").GetProperty("image").GetString()));
        Assert.Equal(1, events[2].GetProperty("attachment").GetProperty("restarts").GetInt32());
    }

    [Fact]
    public void A_user_sees_only_what_concerns_him()
    {
        using HostileClient client = HostileClient.Start();
        PrivateSystem system = client.System;
        using RunningCommand monitor = Listen(system.BeginAsNobody(Programs.Control, "monitor", "-v"));
        string image = system.Sample("demo.iso");
        system.Run("umount", system.Mount(image)).Succeeds();
        string directory = system.RunAsNobody("mount", image).Succeeds().Output.TrimEnd('\n');
        system.RunAsNobody("umount", directory).Succeeds();
        Assert.True(Machine.Eventually(() => monitor.OutputNow.Contains("detached", StringComparison.Ordinal)));
        monitor.Signal("TERM");
        string[] lines = monitor.Finish().Output.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Matches(
            @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ attached +uid 65534 \w{6} .*demo\.iso: .*/IMAGED_DEMO", lines[0]);
        Assert.Matches(@"Z detached +uid 65534 ", lines[1]);
    }

    [Fact]
    public void A_listener_that_stops_reading_is_cut_off_and_nobody_waits_for_it()
    {
        using HostileClient client = HostileClient.Start();
        PrivateSystem system = client.System;
        using RunningCommand monitor = Listen(system.Begin("monitor", "--json", "-v"));
        monitor.Signal("STOP");

        // Refusals are the cheapest event: as many as fill socket and queue.
        string file = "r:" + system.Sample("demo.iso");
        for (int i = 0; i < 3; i++)
        {
            Dictionary<string, int> seen = client.Flood(1000, HostileClient.Mount(path: new('a', 5000)), file);
            Assert.Equal(1000, seen.Values.Sum());
        }

        system.Run("umount", system.Mount(system.Sample("demo.iso"))).Succeeds();
        monitor.Signal("CONT");
        CommandResult result = monitor.Finish();
        Assert.True(result.ExitCode is 1 or 5, result.ToString());
    }

    [Fact]
    public void The_end_of_the_daemon_ends_its_listeners_at_once()
    {
        using PrivateSystem system = PrivateSystem.Start();
        using RunningCommand monitor = Listen(system.Begin("monitor", "-v"));
        system.StopDaemon();
        monitor.Finish().Fails(1);
    }

    private static RunningCommand Listen(RunningCommand monitor)
    {
        Assert.True(Machine.Eventually(() => monitor.ErrorNow.Contains("listening", StringComparison.Ordinal)));
        return monitor;
    }
}
