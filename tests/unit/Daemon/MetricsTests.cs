using Imaged.Daemon.Metrics;
using Imaged.Fuse.Session;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux.Fuse;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.UnitTests.Daemon;

public sealed class MetricsTests
{
    [Fact]
    public void The_text_is_valid_and_holds_every_kind()
    {
        DaemonMetrics metrics = new();
        metrics.Attached(PlanKind.FuseLoop);
        metrics.Restarted();
        metrics.Restarted();
        metrics.Refused(ErrorKind.Busy);
        Dictionary<string, double> samples = PrometheusText.Parse(metrics.Render([], 3, 1, "1.2\"\\\n3"));
        Assert.Equal(1, samples["imaged_build_info{version=\"1.2\\\"\\\\\\n3\"}"]);
        Assert.Equal(1, samples["imaged_attached_total{kind=\"fuse_loop\"}"]);
        Assert.Equal(2, samples["imaged_worker_restarts_total"]);
        Assert.Equal(1, samples["imaged_refusals_total{error=\"Busy\"}"]);
        Assert.Equal(3, samples["imaged_connections"]);
        foreach (ErrorKind kind in Enum.GetValues<ErrorKind>())
        {
            Assert.Contains($"imaged_refusals_total{{error=\"{kind}\"}}", samples.Keys);
        }
    }

    [Fact]
    public void Counts_of_a_journal_are_read_without_its_worker_and_lies_are_bounded()
    {
        using SafeFileHandle file = RequestJournal.CreateFile(2);
        RandomAccess.Write(file, BitConverter.GetBytes(5L), 4096 + 8);
        RandomAccess.Write(file, BitConverter.GetBytes(7L), 4096 + 16384 + 8);
        RandomAccess.Write(file, BitConverter.GetBytes(-1L), 4096 + 16);
        RandomAccess.Write(file, BitConverter.GetBytes(long.MaxValue), 4096 + 24);
        using (RequestJournal journal = RequestJournal.Open(file))
        {
            journal.AddCache(3, 2);
            journal.AddCache(1, 0);
        }

        Assert.Equal(new ServingCounters(12, 0, 1L << 53, 4, 2), ServingCounters.Read(file));
    }

    [Fact]
    public void A_journal_of_any_length_is_read_at_once_and_sums_never_fall()
    {
        // As a worker may make it: a hole of many terabytes.
        using TemporaryFolder folder = new();
        using SafeFileHandle file = File.OpenHandle(folder["journal"], FileMode.CreateNew, FileAccess.ReadWrite);
        RandomAccess.SetLength(file, 1L << 43);
        RandomAccess.Write(file, BitConverter.GetBytes(5L), 4096 + 8);
        RandomAccess.Write(file, BitConverter.GetBytes(9L), 4096 + (64L * 16384) + 8);
        Assert.Equal(5, ServingCounters.Read(file).Reads);
        ServingCounters most = new(long.MaxValue, 1, 1, 1, 1);
        Assert.Equal(new ServingCounters(long.MaxValue, 2, 2, 2, 2), most + most);
    }
}
