using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>The counters are valid for Prometheus, and count what happens.</summary>
public sealed class MetricsTests
{
    [Fact]
    public void What_happens_is_counted_and_sums_do_not_fall()
    {
        Requires.Tool("mksquashfs");
        using HostileClient client = HostileClient.Start();
        PrivateSystem system = client.System;
        Dictionary<string, double> before = Read(system);
        Assert.Equal(0, before["imaged_read_bytes_total"]);
        Assert.Equal(1, before["imaged_connections"]);

        // Text of noise compresses a little, so that there is something to decode; in blocks of 128 KiB.
        Directory.CreateDirectory(system["tree"]);
        Tool.Shell($"head -c 6M /dev/urandom | base64 -w 0 > '{system["tree/noise"]}'"); // 6 MiB of bytes are 8 of text
        Tool.Run("mksquashfs", system["tree"], system["tree.sqfs"], "-quiet", "-no-progress");
        string tree = system.RunAsNobody("mount", system["tree.sqfs"]).Succeeds().Output.TrimEnd('\n');
        string device = system.Run("attach", system.Sample("ext2.img.xz")).Succeeds().Output.Split('\n')[0];
        _ = File.ReadAllBytes(Path.Combine(tree, "noise"));
        Assert.InRange(Read(system)["imaged_read_bytes_total"], 8 << 20, 12 << 20);
        Dictionary<string, double> read = Read(system);
        Assert.InRange(read["imaged_cache_misses_total"] + read["imaged_cache_hits_total"], 64, 500);

        // Straight from the loop device: the kernel counts.
        double bytes = Read(system)["imaged_read_bytes_total"];
        long length = Tool.Run("dd", $"if={device}", "bs=1M", "iflag=direct", "status=none").Output.Length;
        Assert.InRange(Read(system)["imaged_read_bytes_total"] - bytes, length, length + (1 << 20));

        // Two workers after each other count on.
        Machine.Signal(Assert.Single(PrivateSystem.Workers), "KILL");
        Assert.True(Machine.Eventually(() => Read(system)["imaged_worker_restarts_total"] == 1));
        bytes = Read(system)["imaged_read_bytes_total"];
        Tool.Run("dd", $"if={tree}/noise", "of=/dev/null", "bs=1M", "iflag=direct", "status=none");
        Dictionary<string, double> now = Read(system);
        Assert.InRange(now["imaged_read_bytes_total"] - bytes, 8 << 20, 9 << 20);
        Assert.Equal(1, now["imaged_attachments{kind=\"fuse_tree\",state=\"active\"}"]);
        Assert.Equal(1, now["imaged_attachments{kind=\"direct_loop\",state=\"active\"}"]);

        system.RunAsNobody("attach", system["tree.sqfs"]).Fails(5);
        system.RunAsNobody("metrics").Fails(5, "root");
        system.Run("umount", tree).Succeeds();
        system.Run("detach", device).Succeeds();
        Dictionary<string, double> after = Read(system);
        Assert.Equal(2, after["imaged_refusals_total{error=\"PermissionDenied\"}"]);
        Assert.Equal(1, after["imaged_attached_total{kind=\"fuse_tree\"}"]);
        Assert.Equal(0, after["imaged_attachments{kind=\"fuse_tree\",state=\"active\"}"]);
        Assert.All(
            now.Where(sample => sample.Key.Contains("_total", StringComparison.Ordinal)),
            sample => Assert.True(after[sample.Key] >= sample.Value, sample.Key));
    }

    [Fact]
    public void Damage_that_readers_meet_is_counted()
    {
        Requires.Tool("mksquashfs");
        using PrivateSystem system = PrivateSystem.Start();
        Tool.Shell($"""
            cd '{system.Folder}'
            mkdir tree
            head -c 3M /dev/urandom | base64 > tree/text
            mksquashfs tree tree.sqfs -quiet -no-progress
            dd if=/dev/zero of=tree.sqfs bs=1 seek=500000 count=4000 conv=notrunc status=none
            """);
        string tree = system.Mount(system["tree.sqfs"], "--as", "tree");
        Assert.Throws<IOException>(() => File.ReadAllBytes(Path.Combine(tree, "text")));
        Assert.True(Read(system)["imaged_read_errors_total"] >= 1);
        system.Run("umount", tree).Succeeds();
        Assert.True(Read(system)["imaged_read_errors_total"] >= 1);
    }

    [Fact]
    public void The_file_of_a_collector_is_replaced_as_a_whole()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string file = system["imaged.prom"];
        system.Run("metrics", "--output", file).Succeeds();
        string first = File.ReadAllText(file);
        system.Run("metrics", "--output", file).Succeeds();
        Assert.Equal(PrometheusText.Parse(first).Keys, PrometheusText.Parse(File.ReadAllText(file)).Keys);
        Assert.Equal([file], Directory.GetFiles(system.Folder, "*imaged.prom*"));
        Assert.Equal(first, system.Run("metrics", "--json").Json.GetProperty("text").GetString());
    }

    private static Dictionary<string, double> Read(PrivateSystem system) =>
        PrometheusText.Parse(system.Run("metrics").Succeeds().Output);
}
