using Imaged.Blocks;
using Xunit;

namespace Imaged.UnitTests.Blocks;

/// <summary>Sets of ranges, against a look at every byte.</summary>
public sealed class BlockRangeTests
{
    private const int Length = 200;

    [Fact]
    public void Unions_and_differences_are_those_of_the_bytes()
    {
        Random random = new(3);
        for (int round = 0; round < 500; round++)
        {
            List<BlockRange> some = Some(random);
            List<BlockRange> others = Some(random);
            IReadOnlyList<BlockRange> union = BlockRange.Union(some);
            Assert.Equal(Bytes(some), Bytes(union));
            Assert.All(union.Zip(union.Skip(1)), pair => Assert.True(pair.First.End < pair.Second.Offset));
            List<BlockRange> rest = [.. BlockRange.Except(union, BlockRange.Union(others))];
            Assert.Equal(Bytes(some).Except(Bytes(others)).Order(), Bytes(rest));
            Assert.All(rest, range => Assert.True(range.Length > 0));
        }
    }

    [Fact]
    public void A_patch_covers_what_of_it_lies_in_a_piece()
    {
        DiskPatch patch = new(10, new byte[] { 1, 2, 3, 4 });
        byte[] piece = new byte[4];
        patch.ApplyTo(12, piece);
        Assert.Equal([3, 4, 0, 0], piece);
        piece.AsSpan().Clear();
        patch.ApplyTo(8, piece);
        Assert.Equal([0, 0, 1, 2], piece);
        patch.ApplyTo(14, piece);
        Assert.Equal([0, 0, 1, 2], piece);
    }

    private static List<BlockRange> Some(Random random) =>
        [.. Enumerable.Range(0, random.Next(6)).Select(_ => new BlockRange(random.Next(Length), random.Next(40)))];

    private static List<long> Bytes(IEnumerable<BlockRange> ranges) =>
    [
        .. ranges.SelectMany(range => Enumerable.Range(0, (int)range.Length).Select(i => range.Offset + i))
            .Distinct().Order(),
    ];
}
