using Imaged.Backup;
using Imaged.Blocks;
using Xunit;

namespace Imaged.UnitTests.Backup;

/// <summary>Two disks compared.</summary>
public sealed class DiskComparisonTests
{
    private const int Mebibyte = 1 << 20;

    [Fact]
    public void What_matters_and_differs_is_told_in_steps()
    {
        byte[] disk = new byte[3 * Mebibyte];
        new Random(1).NextBytes(disk);
        byte[] other = [.. disk];
        other[5000] ^= 1;               // matters
        other[8191] ^= 1;               // the same step
        other[8192] ^= 1;               // the next one
        other[100_000] ^= 1;            // matters not
        other[Mebibyte - 1] ^= 1;       // the last of a piece
        other[(2 * Mebibyte) + 7] ^= 1; // not at a step
        Assert.Equal(
            [new(4096, 8192), new(Mebibyte - 4096, 4096), new((2 * Mebibyte) + 6, 4090)],
            Compare(disk, other, new(0, 50_000), new(200_000, Mebibyte), new((2 * Mebibyte) + 6, 10_000)));
        Assert.Empty(Compare(disk, disk, new BlockRange(0, disk.Length)));
    }

    [Fact]
    public void What_the_other_one_lacks_differs()
    {
        byte[] disk = new byte[Mebibyte];
        Assert.Equal(
            [new(700_000, Mebibyte - 700_000)],
            Compare(disk, new byte[700_000], new(0, 10), new(500_000, Mebibyte - 500_000)));
    }

    [Fact]
    public void Zeros_that_one_side_knows_of_are_looked_for_on_the_other()
    {
        byte[] other = new byte[Mebibyte];
        other[9000] = 1;
        using ZeroSource zeros = new(Mebibyte);
        using MemorySource written = new(other);
        Assert.Equal(
            [new(8192, 4096)],
            new DiskComparison(zeros, [new(0, Mebibyte)], written, new ProgressMeter(_ => { })).Run());
    }

    private static IReadOnlyList<BlockRange> Compare(byte[] disk, byte[] other, params BlockRange[] used)
    {
        using MemorySource left = new(disk);
        using MemorySource right = new(other);
        return new DiskComparison(left, used, right, new ProgressMeter(_ => { })).Run();
    }
}
