using System.Security.Cryptography;
using System.Text;
using Imaged.Blocks;
using Imaged.Fuse.Handlers;
using Imaged.Fuse.Session;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Fuse;

public sealed class DiskFileTests
{
    private const int Length = (5 << 20) + 777;

    private static readonly byte[] Name = Encoding.UTF8.GetBytes("disk.img");
    private static readonly byte[] Content = RandomBytes(Length);

    [Theory]
    [InlineData("buffered", "bs=1M")]
    [InlineData("buffered", "bs=4k")]
    [InlineData("direct", "bs=1M iflag=direct")]
    [InlineData("direct", "bs=512 count=2000 iflag=direct")]
    public void Dd_reads_the_same_bytes(string how, string options)
    {
        FuseMount.Require();
        _ = how;
        using MemorySource disk = new(Content);
        using ServedMount served = new(new DiskFileHandler(disk, Name));
        byte[] read = Tool.Shell($"dd if='{served["disk.img"]}' {options} status=none").Output;
        Assert.Equal(Content[..read.Length], read);
        Assert.Equal(options.Contains("count", StringComparison.Ordinal) ? 512 * 2000 : Length, read.Length);
    }

    [Fact]
    public void Stat_and_ls_see_one_private_file()
    {
        FuseMount.Require();
        using MemorySource disk = new(Content);
        using ServedMount served = new(new DiskFileHandler(disk, Name, new(1_700_000_000, 5)));
        Assert.Equal(
            $"regular file {Length} 400 1 2 {(Length + 511) / 512} 1700000000\n",
            Tool.Run("stat", "-c", "%F %s %a %h %i %b %Y", served["disk.img"]).Text);
        Assert.Equal(".\n..\ndisk.img\n", Tool.Run("ls", "-fa1", served.Mount.Path).Text);
        Assert.NotEqual(0, Tool.TryRun("cat", served["other.img"]).ExitCode);
        Assert.Contains("Read-only", Tool.TryRun("touch", served["new"]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Holes_are_where_the_extents_say()
    {
        FuseMount.Require();
        const int part = 1 << 20;
        byte[] data = RandomBytes(part);
        using ConcatSource disk = new(
            [
                new ZeroSource(part), new MemorySource(data), new ZeroSource(2 * part), new MemorySource(data),
                new ZeroSource(part),
            ],
            ownsParts: true);
        using ServedMount served = new(new DiskFileHandler(disk, Name));
        string script = """
            import os, sys
            fd = os.open(sys.argv[1], os.O_RDONLY)
            print(os.lseek(fd, 0, os.SEEK_DATA), os.lseek(fd, 0, os.SEEK_HOLE), os.lseek(fd, 1 << 20, os.SEEK_HOLE),
                  os.lseek(fd, (2 << 20) + 5, os.SEEK_DATA), os.lseek(fd, (2 << 20) + 5, os.SEEK_HOLE),
                  os.lseek(fd, (4 << 20) + 9, os.SEEK_HOLE))
            for offset in (5 << 20, 6 << 20):
                try:
                    print(os.lseek(fd, offset, os.SEEK_DATA))
                except OSError as error:
                    print(error.errno)
            """;
        Assert.Equal(
            $"{part} 0 {2 * part} {4 * part} {(2 * part) + 5} {5 * part}\n6\n6\n",
            Tool.Run("python3", "-c", script, served["disk.img"]).Text);
        using TemporaryFolder folder = new();
        Tool.Run("cp", "--sparse=auto", served["disk.img"], folder["copy"]);
        Assert.Equal("2048\n", Tool.Shell($"du -k '{folder["copy"]}' | cut -f1").Text);
        Tool.Run("cmp", served["disk.img"], folder["copy"]);
    }

    [Fact]
    public void Many_readers_at_once_get_the_right_bytes()
    {
        FuseMount.Require();
        using MemorySource disk = new(Content);
        using ServedMount served = new(new DiskFileHandler(disk, Name), threads: 4);
        string expected = Convert.ToHexStringLower(SHA256.HashData(Content)) + "  -\n";
        string script = $"""
            for i in 1 2 3 4; do
                dd if='{served["disk.img"]}' bs=64k iflag=direct status=none | sha256sum &
                dd if='{served["disk.img"]}' bs=1M status=none | sha256sum &
            done
            wait
            """;
        Assert.Equal(string.Concat(Enumerable.Repeat(expected, 8)), Tool.Shell(script).Text);
        Assert.Empty(served.Failures);
    }

    [Fact]
    public async Task Threads_with_a_queue_each_serve_and_end_together()
    {
        FuseMount.Require();
        using MemorySource disk = new(Content);
        using ServedMount served = new(new DiskFileHandler(disk, Name), threads: 3, clone: true);
        string script = $"""
            for i in 1 2 3 4; do dd if='{served["disk.img"]}' bs=64k iflag=direct status=none | cksum & done
            wait
            """;
        Assert.Single(Tool.Shell(script).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct());
        served.Mount.Unmount();
        Assert.Equal(FuseSessionEnd.Unmounted, await served.Session.Completion);
    }

    [Fact]
    public async Task Unmounting_ends_the_session_as_unmounted()
    {
        FuseMount.Require();
        using MemorySource disk = new(Content);
        using ServedMount served = new(new DiskFileHandler(disk, Name));
        Tool.Run("cat", served["disk.img"]);
        served.Mount.Unmount();
        Assert.Equal(FuseSessionEnd.Unmounted, await served.Session.Completion);
        Assert.Null(served.Session.Failure);
    }

    [Fact]
    public async Task Aborting_ends_the_session_as_aborted_and_readers_with_an_error()
    {
        FuseMount.Require();
        using MemorySource disk = new(Content);
        using ServedMount served = new(new DiskFileHandler(disk, Name));
        Tool.Run("stat", served["disk.img"]);
        served.Mount.Abort();
        Assert.Equal(FuseSessionEnd.Aborted, await served.Session.Completion);
        Assert.NotEqual(0, Tool.TryRun("cat", served["disk.img"]).ExitCode);
    }

    [Fact]
    public async Task A_stopped_session_leaves_the_mount_to_its_successor()
    {
        FuseMount.Require();
        using MemorySource disk = new(Content);
        DiskFileHandler handler = new(disk, Name);
        using FuseMount mount = new();
        using Microsoft.Win32.SafeHandles.SafeFileHandle journalFile = RequestJournal.CreateFile(2);
        for (int i = 0; i < 3; i++)
        {
            using RequestJournal journal = RequestJournal.Open(journalFile);
            using FuseSession session = new(mount.Device, handler, journal, new FuseSessionOptions(2, Recover: i > 0));
            session.Start();
            Tool.Shell($"dd if='{mount["disk.img"]}' iflag=direct bs=1M status=none | cmp - '{mount["disk.img"]}'");
            session.Stop();
            Assert.Equal(FuseSessionEnd.Stopped, await session.Completion);
            Assert.Equal(0, journal.Pending);
        }
    }

    private static byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
