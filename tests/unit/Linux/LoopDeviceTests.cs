using Imaged.Blocks;
using Imaged.Linux;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.UnitTests.Linux;

public sealed class LoopDeviceTests
{
    [Fact]
    public void Kernel_structures_have_their_sizes()
    {
        unsafe
        {
            Assert.Equal(232, sizeof(LoopDevice.LoopInfo64));
            Assert.Equal(304, sizeof(LoopDevice.LoopConfig));
            Assert.Equal(152, sizeof(BlockDevice.BlkpgPartition));
            Assert.Equal(24, sizeof(BlockDevice.BlkpgArgument));
        }
    }

    [Fact]
    public void A_window_of_a_file_becomes_a_device_that_is_found_again_by_its_name()
    {
        using LoopFixture fixture = new(1 << 20);
        using LoopDevice device = fixture.Attach(offset: 4096, length: 65536);
        LoopStatus status = device.TryGetStatus()!;
        Assert.Equal("imaged:test", status.Name);
        Assert.Equal(4096, status.Offset);
        Assert.Equal(65536, status.Length);
        Assert.True(status.ReadOnly);
        Assert.Equal(HostPath.Identify(fixture.File).Inode, status.Inode);
        Assert.Equal(HostPath.Identify(fixture.File).Device, status.Device);
        Assert.Contains(device.Number, LoopDevice.ListAttached());
        Assert.Equal(fixture.Bytes[4096..(4096 + 65536)], File.ReadAllBytes(device.Path));
        device.Detach();
    }

    [Fact]
    public void A_device_that_clears_itself_goes_with_its_last_descriptor()
    {
        using LoopFixture fixture = new(1 << 20);
        LoopDevice device = LoopDevice.Attach(
            fixture.File, new LoopOptions("imaged:test", 0, 1 << 20, 512, ReadOnly: true, AutoClear: true));
        int number = device.Number;
        device.Dispose();
        Assert.True(SpinWait.SpinUntil(() => !LoopDevice.IsAttached(number), TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void Eight_threads_attach_and_detach_at_once()
    {
        using LoopFixture fixture = new(1 << 20);
        Parallel.For(0, 8, _ =>
        {
            for (int i = 0; i < 10; i++)
            {
                using LoopDevice device = fixture.Attach(0, 4096);

                // Not by File, which respects the lock that another thread may have for a moment before it sees that
                // the device is taken.
                byte[] bytes = new byte[4096];
                using (SafeFileHandle handle = HostPath.OpenRead(device.Path))
                {
                    Assert.Equal(4096, RandomAccess.Read(handle, bytes, 0));
                }

                Assert.Equal(fixture.Bytes[..4096], bytes);
                device.Detach();
            }
        });
    }

    [Fact]
    public void Registered_partitions_read_the_right_bytes()
    {
        using LoopFixture fixture = new(1 << 20);
        using LoopDevice device = fixture.Attach(0, 1 << 20);
        BlockDevice.AddPartition(device.Handle, 1, 8192, 16384);
        BlockDevice.AddPartition(device.Handle, 5, 65536, 512);
        Assert.Equal(fixture.Bytes[8192..(8192 + 16384)], File.ReadAllBytes(device.Path + "p1"));
        Assert.Equal(fixture.Bytes[65536..(65536 + 512)], File.ReadAllBytes(device.Path + "p5"));
        Assert.Throws<LinuxException>(() => BlockDevice.AddPartition(device.Handle, 6, 100, 512));
        Assert.Equal([1, 5], device.ListPartitions().Order());
        device.Detach();
        Assert.Empty(device.ListPartitions());
    }

    [Fact]
    public void Partitions_that_another_user_left_on_the_device_do_not_come_back()
    {
        using LoopFixture fixture = new(1 << 20);
        List<LoopDevice> devices = [.. Enumerable.Range(0, 3).Select(_ => fixture.Attach(0, 1 << 20))];
        foreach (LoopDevice device in devices)
        {
            BlockDevice.AddPartition(device.Handle, 3, 8192, 16384);
            Tool.Run("losetup", "-d", device.Path);
            device.Dispose();
        }

        foreach (LoopDevice device in devices.Select(_ => fixture.Attach(0, 1 << 20)))
        {
            Assert.Empty(device.ListPartitions());
            device.Detach();
            device.Dispose();
        }
    }

    [Fact]
    public void An_attached_device_is_locked_against_udev_until_it_is_unlocked()
    {
        Requires.Tool("flock");
        using LoopFixture fixture = new(1 << 20);
        using LoopDevice device = fixture.AttachLocked(0, 1 << 20);
        Assert.NotEqual(0, Tool.TryRun("flock", "--shared", "--nonblock", device.Path, "true").ExitCode);
        device.Unlock();
        Assert.Equal(0, Tool.TryRun("flock", "--shared", "--nonblock", device.Path, "true").ExitCode);
        device.Detach();
    }

    [Fact]
    public void A_device_that_somebody_else_keeps_locked_is_passed_by()
    {
        using LoopFixture fixture = new(1 << 20);
        string free = Tool.Run("losetup", "-f").Text.Trim();
        using SafeFileHandle locked = HostPath.OpenRead(free);
        Assert.True(BlockDevice.TryLock(locked));
        using LoopDevice device = fixture.Attach(0, 1 << 20);
        Assert.NotEqual(free, device.Path);
        device.Detach();
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Direct_reads_of_any_slice_equal_the_file(int sectorSize)
    {
        using LoopFixture fixture = new(3 << 20);
        using LoopDevice device = LoopDevice.Attach(
            fixture.File, new LoopOptions("imaged:test", 0, 3 << 20, sectorSize, ReadOnly: true, AutoClear: true));
        using DirectSource source = new(HostPath.OpenRead(device.Path));
        Assert.True(source.IsDirect);
        Assert.Equal(3 << 20, source.Length);
        Assert.Equal(sectorSize, source.SectorSize);
        Random random = new(7);
        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            int offset = random.Next(3 << 20);
            int count = random.Next((3 << 20) - offset + 1);
            Assert.True(fixture.Bytes.AsSpan(offset, count).SequenceEqual(source.ReadBytes(offset, count)));
        });
        using AlignedBuffer aligned = new(1 << 20);
        source.Read(1 << 20, aligned.GetSpan());
        Assert.True(fixture.Bytes.AsSpan(1 << 20, 1 << 20).SequenceEqual(aligned.GetSpan()));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.ReadBytes((3 << 20) - 1, 2));
    }

    private sealed class LoopFixture : IDisposable
    {
        private readonly TemporaryFolder _folder;

        public LoopFixture(int length)
        {
            Requires.Root();
            _folder = new TemporaryFolder();
            Bytes = new byte[length];
            new Random(3).NextBytes(Bytes);
            System.IO.File.WriteAllBytes(_folder["disk"], Bytes);
            File = HostPath.OpenRead(_folder["disk"]);
        }

        public byte[] Bytes { get; }

        public SafeFileHandle File { get; }

        public LoopDevice Attach(long offset, long length)
        {
            LoopDevice device = AttachLocked(offset, length);
            device.Unlock(); // File.Open of .NET respects the lock
            return device;
        }

        public LoopDevice AttachLocked(long offset, long length) => LoopDevice.Attach(
            File, new LoopOptions("imaged:test", offset, length, 512, ReadOnly: true, AutoClear: true));

        public void Dispose()
        {
            File.Dispose();
            _folder.Dispose();
        }
    }
}
