using System.Globalization;
using Imaged.Blocks;
using Imaged.Fuse.Session;
using Imaged.Linux;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using Xunit;

namespace Imaged.Conformance.Fuse;

public sealed class RecoveryTests
{
    private const int Length = 16 << 20;
    private const int Kills = 20;
    private const int ReadsBetweenKills = 60;

    [Fact]
    public async Task Readers_never_notice_that_the_server_is_killed_again_and_again()
    {
        FuseMount.Require();
        using TemporaryFolder folder = new();
        byte[] content = RandomFile(folder["image"]);
        using FuseMount mount = new();
        using SafeFileHandle journal = RequestJournal.CreateFile(3);
        ChildProcess server = StartServer(mount, journal, folder["image"], "--delay");
        using SemaphoreSlim progress = new(0);
        using CancellationTokenSource end = new();
        Task[] readers =
        [
            Reader(mount["disk.img"], content, LibC.O_DIRECT, 1, progress, end.Token),
            Reader(mount["disk.img"], content, LibC.O_DIRECT, 2, progress, end.Token),
            Reader(mount["disk.img"], content, 0, 3, progress, end.Token),
            Reader(mount["disk.img"], content, 0, 4, progress, end.Token),
        ];
        int pending = 0;
        for (int i = 0; i < Kills; i++)
        {
            for (int j = 0; j < ReadsBetweenKills && !readers.Any(reader => reader.IsCompleted); j++)
            {
                await progress.WaitAsync(TestContext.Current.CancellationToken);
            }

            server.Kill();
            Assert.True(server.WaitForExit(-1));
            server.Dispose();
            using (RequestJournal left = RequestJournal.Open(journal))
            {
                pending += left.Pending;
            }

            server = StartServer(mount, journal, folder["image"], "--delay", "--recover");
        }

        await end.CancelAsync();
        await Task.WhenAll(readers);
        mount.Unmount();
        Assert.True(server.WaitForExit(-1));
        server.Dispose();
        Assert.InRange(pending, Kills / 2, int.MaxValue);
    }

    [Fact]
    public async Task A_request_that_kills_its_server_twice_ends_in_an_error_and_all_others_go_on()
    {
        FuseMount.Require();
        using TemporaryFolder folder = new();
        byte[] content = RandomFile(folder["image"]);
        using FuseMount mount = new();
        using SafeFileHandle journal = RequestJournal.CreateFile(3);
        string deadly = "8388608";
        ChildProcess server = StartServer(mount, journal, folder["image"], "--kill-at", deadly);
        Task<ToolResult> victim = Task.Run(
            () => Tool.TryRun(
                "dd", $"if={mount["disk.img"]}", "of=/dev/null", "bs=4096", "skip=2048", "count=1", "iflag=direct"),
            TestContext.Current.CancellationToken);
        for (int i = 0; i < 2; i++)
        {
            Assert.True(server.WaitForExit(-1));
            server.Dispose();
            server = StartServer(mount, journal, folder["image"], "--kill-at", deadly, "--recover");
        }

        Assert.Contains("Input/output error", (await victim).Error, StringComparison.Ordinal);
        byte[] read = Tool.Shell($"dd if='{mount["disk.img"]}' bs=1M count=8 iflag=direct status=none").Output;
        Assert.Equal(content[..(8 << 20)], read);
        mount.Unmount();
        Assert.True(server.WaitForExit(-1));
        server.Dispose();
    }

    // Reads 16 KiB at random places until told to stop; fails at the first error or wrong byte.
    private static Task Reader(
        string path, byte[] content, int flags, int seed, SemaphoreSlim progress, CancellationToken end)
    {
        return Task.Factory.StartNew(
            Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        unsafe void Run()
        {
            const int size = 16384;
            using AlignedBuffer buffer = new(size);
            fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
            {
                int fd = LibC.open(name, LibC.O_RDONLY | LibC.O_CLOEXEC | flags, default);
                Assert.True(fd >= 0, $"open: {LibC.errno}");
                using SafeFileHandle file = new(fd, ownsHandle: true);
                Random random = new(seed);
                try
                {
                    while (!end.IsCancellationRequested)
                    {
                        long offset = random.Next((Length - size) / 4096) * 4096L;
                        _ = LibC.posix_fadvise(fd, 0, 0, LibC.POSIX_FADV_DONTNEED);
                        long count = LibC.pread(fd, buffer.Address, size, offset);
                        Assert.True(count == size, $"pread at {offset}: {count}, errno {LibC.errno}");
                        Span<byte> expected = content.AsSpan((int)offset, size);
                        Assert.True(buffer.GetSpan().SequenceEqual(expected), $"bytes at {offset}");
                        progress.Release();
                    }
                }
                finally
                {
                    // Nobody waits for a reader that has failed.
                    progress.Release(Kills * ReadsBetweenKills);
                }
            }
        }
    }

    private static ChildProcess StartServer(
        FuseMount mount, SafeFileHandle journal, string image, params string[] arguments) =>
        ChildProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "Imaged.FuseServer"),
            [image, "--threads", 3.ToString(CultureInfo.InvariantCulture), .. arguments],
            [(3, mount.Device), (4, journal)]);

    private static byte[] RandomFile(string path)
    {
        byte[] content = new byte[Length];
        new Random(7).NextBytes(content);
        File.WriteAllBytes(path, content);
        return content;
    }
}
