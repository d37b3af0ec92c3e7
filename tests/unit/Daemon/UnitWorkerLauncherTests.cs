using Imaged.Daemon.Config;
using Imaged.Daemon.Workers;
using Xunit;

namespace Imaged.UnitTests.Daemon;

public sealed class UnitWorkerLauncherTests
{
    [Fact]
    public void Sockets_that_a_killed_daemon_waited_at_are_removed_and_those_of_workers_stay()
    {
        DirectoryInfo state = Directory.CreateTempSubdirectory();
        try
        {
            DirectoryInfo workers = state.CreateSubdirectory("workers");
            string left = Path.Combine(workers.FullName, "abcdef-8df4c1ad94244a9.start");
            string worker = Path.Combine(workers.FullName, "abcdef");
            File.WriteAllText(left, string.Empty);
            File.WriteAllText(worker, string.Empty);
            DaemonOptions options = DaemonOptions.Parse(
                ["--state-dir", state.FullName, "--worker-unit", "imaged-worker@.service"], out _)!;
            using UnitWorkerLauncher launcher = new(options, new Settings(new DaemonConfig()));
            Assert.Equal([worker], Directory.GetFiles(workers.FullName));
        }
        finally
        {
            state.Delete(recursive: true);
        }
    }
}
