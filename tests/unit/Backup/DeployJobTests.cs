using Imaged.Backup;
using Imaged.Blocks;
using Xunit;

namespace Imaged.UnitTests.Backup;

/// <summary>Several disks at once: read once, each at its own pace, each with its own faults.</summary>
public sealed class DeployJobTests
{
    private const int Mebibyte = 1 << 20;
    private const int DiskLength = 12 * Mebibyte;

    private static readonly BlockRange[] Used = [new(0, DiskLength)];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void All_disks_get_the_same_bytes_which_are_read_once()
    {
        byte[] disk = Disk();
        using CountingSource source = new(disk);
        Medium[] media = [.. Enumerable.Range(0, 5).Select(i => new Medium(DiskLength + (i * Mebibyte)))];
        Assert.All(Deploy(source, [.. media.Select(medium => new TargetDisk(medium, []))]), r => Assert.True(r.IsDone));
        Assert.All(media, medium => Assert.True(medium.Bytes.AsSpan(0, DiskLength).SequenceEqual(disk)));
        Assert.Equal(DiskLength, source.BytesRead);
    }

    [Fact]
    public void A_disk_that_lags_behind_does_not_hold_the_others_up()
    {
        byte[] disk = Disk();
        using ManualResetEventSlim othersAreWritten = new();
        int written = 0;
        Medium slow = new(DiskLength)
        {
            Writing = _ => Assert.True(othersAreWritten.Wait(Patience), "the other disk waits for this one"),
        };
        Medium fast = new(DiskLength)
        {
            Writing = _ =>
            {
                // All but the first piece, which goes last.
                if (Interlocked.Increment(ref written) == (DiskLength / Mebibyte) - 1)
                {
                    othersAreWritten.Set();
                }
            },
        };
        Assert.All(Deploy(new MemorySource(disk), new(slow, []), new(fast, [])), r => Assert.True(r.IsDone));
        Assert.Equal(disk, slow.Bytes);
        Assert.Equal(disk, fast.Bytes);
    }

    [Theory]
    [InlineData(5 * Mebibyte)]
    [InlineData(0)] // when everything else is done
    public void A_disk_that_fails_is_left_without_a_head_and_the_others_are_whole(long at)
    {
        byte[] disk = Disk();
        Medium good = new(DiskLength);
        Medium bad = new(DiskLength)
        {
            Writing = offset =>
            {
                if (offset == at)
                {
                    throw new IOException("medium error");
                }
            },
        };
        IReadOnlyList<TargetResult> results = Deploy(new MemorySource(disk), new(bad, []), new(good, []));
        Assert.Equal("medium error", results[0].Failure!.Message);
        Assert.False(bad.Bytes.AsSpan(0, Mebibyte).ContainsAnyExcept((byte)0));
        Assert.True(results[1].IsDone);
        Assert.Equal(disk, good.Bytes);
    }

    [Fact]
    public void When_all_disks_fail_nothing_more_is_read()
    {
        using CountingSource source = new(new byte[256 * Mebibyte], isAllData: true);
        Medium[] media = [.. Enumerable.Range(0, 2).Select(_ => new Medium(256 * Mebibyte)
        {
            Writing = _ => throw new IOException("gone"),
        })];
        IReadOnlyList<TargetResult> results = new RestoreJob(
            new(source, [new(0, 256 * Mebibyte)], [.. media.Select(medium => new TargetDisk(medium, []))]),
            new(_ => { })).Run();
        Assert.All(results, result => Assert.NotNull(result.Failure));
        Assert.InRange(source.BytesRead, Mebibyte, 200L * Mebibyte);
    }

    [Fact]
    public void A_disk_that_keeps_something_else_has_no_head()
    {
        Medium good = new(DiskLength);
        Medium bad = new(DiskLength) { FlippedAt = (7 * Mebibyte) + 5 };
        IReadOnlyList<TargetResult> results = Deploy(new MemorySource(Disk()), new(bad, []), new(good, []));
        Assert.Equal(7 * Mebibyte, Assert.Single(results[0].Bad).Offset);
        Assert.False(bad.Bytes.AsSpan(0, Mebibyte).ContainsAnyExcept((byte)0));
        Assert.True(results[1].IsDone);
    }

    [Fact]
    public void A_head_that_does_not_read_back_is_cleared_again()
    {
        Medium bad = new(DiskLength) { FlippedAt = 77 };
        TargetResult result = Assert.Single(Deploy(new MemorySource(Disk()), new TargetDisk(bad, [])));
        Assert.False(result.IsDone);
        Assert.False(bad.Bytes.AsSpan(0, Mebibyte).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void No_disk_has_a_head_before_all_are_written()
    {
        List<Medium> media = [];
        bool[] late = new bool[3];
        for (int i = 0; i < 3; i++)
        {
            int own = i;
            media.Add(new(DiskLength)
            {
                Writing = offset => late[own] |= offset > 0
                    && media.Any(medium => medium.Bytes.AsSpan(0, Mebibyte).ContainsAnyExcept((byte)0, (byte)0xEE)),
            });
        }

        Deploy(new MemorySource(Disk()), [.. media.Select(medium => new TargetDisk(medium, []))]);
        Assert.DoesNotContain(true, late);
    }

    [Fact]
    public void What_is_other_on_one_disk_is_other_on_that_one_alone()
    {
        byte[] disk = Disk();
        byte[] mark = [.. Enumerable.Repeat((byte)0xA5, 512)];
        Medium plain = new(DiskLength);
        Medium patched = new(DiskLength + (3 * Mebibyte));
        long inside = (6 * Mebibyte) + 512;
        long behind = DiskLength + (2 * Mebibyte);
        TargetDisk target = new(patched, [new(512, mark), new(inside, mark), new(behind, mark)]);
        Assert.All(Deploy(new MemorySource(disk), new(plain, []), target), result => Assert.True(result.IsDone));
        Assert.Equal(disk, plain.Bytes);
        foreach (long at in (long[])[512, inside, behind])
        {
            Assert.True(patched.Bytes.AsSpan((int)at, mark.Length).SequenceEqual(mark));
            if (at < DiskLength)
            {
                mark.CopyTo(disk.AsSpan((int)at));
            }
        }

        Assert.True(patched.Bytes.AsSpan(0, DiskLength).SequenceEqual(disk));
    }

    [Fact]
    public void A_meter_that_throws_ends_the_job_and_is_no_fault_of_a_disk()
    {
        Medium[] media = [new(DiskLength), new(DiskLength)];
        int calls = 0;
        ProgressMeter meter = new(_ =>
        {
            if (++calls > 1)
            {
                throw new IOException("nobody listens");
            }
        });
        RestoreJob job = new(
            new(new MemorySource(Disk()), Used, [new(media[0], []), new(media[1], [])]), meter);
        Assert.Equal("nobody listens", Assert.Throws<IOException>(() => job.Run()).Message);
        Assert.All(media, medium => Assert.False(medium.Bytes.AsSpan(0, Mebibyte).ContainsAnyExcept((byte)0)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_source_knows_of_its_zeros_may_change_meanwhile(bool becomesData)
    {
        byte[] disk = Disk();
        disk.AsSpan(4 * Mebibyte, (3 * Mebibyte) + 4096).Clear();
        using FickleSource source = new(disk, new(4 * Mebibyte, (3 * Mebibyte) + 4096), becomesData);
        Medium medium = new(DiskLength);
        Assert.True(Assert.Single(Deploy(source, new TargetDisk(medium, []))).IsDone);
        Assert.Equal(disk, medium.Bytes);
    }

    private static byte[] Disk()
    {
        byte[] disk = new byte[DiskLength];
        new Random(9).NextBytes(disk);
        return disk;
    }

    private static IReadOnlyList<TargetResult> Deploy(BlockSource source, params TargetDisk[] targets) =>
        new RestoreJob(new(source, Used, targets), new ProgressMeter(_ => { })).Run();

    private sealed class CountingSource(byte[] disk, bool isAllData = false) : BlockSource
    {
        private long _read;

        public long BytesRead => Volatile.Read(ref _read);

        public override long Length => disk.Length;

        public override void Read(long offset, Span<byte> destination)
        {
            Interlocked.Add(ref _read, destination.Length);
            if (isAllData)
            {
                destination.Clear();
                return;
            }

            disk.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }
    }

    /// <summary>What it says of some zeros is another thing each time that it is asked.</summary>
    private sealed class FickleSource(byte[] disk, BlockRange zeros, bool becomesData) : BlockSource
    {
        private int _asked;

        public override long Length => disk.Length;

        public override void Read(long offset, Span<byte> destination) =>
            disk.AsSpan((int)offset, destination.Length).CopyTo(destination);

        public override Extent GetExtent(long offset)
        {
            if (offset < zeros.Offset)
            {
                return new(offset, zeros.Offset - offset, ExtentKind.Data);
            }

            if (offset >= zeros.End)
            {
                return new(offset, Length - offset, ExtentKind.Data);
            }

            bool isData = (Interlocked.Increment(ref _asked) > 2) == becomesData;
            return new(offset, zeros.End - offset, isData ? ExtentKind.Data : ExtentKind.Zero);
        }
    }
}
