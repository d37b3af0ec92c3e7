using Imaged.Backup;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.UnitTests.Backup;

/// <summary>What is kept of pieces, to compare them.</summary>
public sealed class PieceHashesTests
{
    private const long Mebibyte = 1 << 20;

    // Three pieces have one hash.
    private const long Length = (600L << 30) + 12345;

    [Fact]
    public void Pieces_are_compared_in_any_order()
    {
        PieceHashes one = Hashes((0, 1), (1, 2), (7, 3), (614_400, 4));
        PieceHashes other = Hashes((614_400, 4), (7, 3), (1, 2), (0, 1));
        Assert.Empty(one.Compare(other));
        Assert.True(one.Has(7));
        Assert.True(one.Has(614_400));
        Assert.False(one.Has(6));
        Assert.False(one.Has(614_399));
    }

    [Fact]
    public void Another_byte_is_told_of_the_pieces_that_have_one_hash()
    {
        PieceHashes one = Hashes((0, 1), (4, 2), (614_400, 4));
        Assert.Equal([new(3 * Mebibyte, 3 * Mebibyte)], one.Compare(Hashes((0, 1), (4, 3), (614_400, 4))));
        Assert.Equal([new(600L << 30, 12345)], one.Compare(Hashes((0, 1), (4, 2), (614_400, 5))));
    }

    [Fact]
    public void Pieces_that_changed_places_are_not_the_same() =>
        Assert.Equal([new(0, 3 * Mebibyte)], Hashes((0, 1), (1, 2)).Compare(Hashes((0, 2), (1, 1))));

    [Fact]
    public void A_disk_that_is_too_long_to_be_kept_in_mind_is_refused() =>
        Assert.Throws<UnsupportedFeatureException>(() => new PieceHashes((512L << 40) + 1));

    private static PieceHashes Hashes(params (long Number, byte Content)[] pieces)
    {
        PieceHashes hashes = new(Length);
        using SharedPiece piece = new(null);
        foreach ((long number, byte content) in pieces)
        {
            int count = (int)Math.Min(Mebibyte, Length - (number * Mebibyte));
            byte[] bytes = new byte[count];
            Array.Fill(bytes, content);
            piece.Number = number;
            piece.Ranges.Clear();
            piece.Ranges.Add(new(number * Mebibyte, count));
            using ConcatSource disk = new(
                [
                    new ZeroSource(number * Mebibyte), new MemorySource(bytes),
                    new ZeroSource(Length - (number * Mebibyte) - count),
                ],
                ownsParts: true);
            piece.Read(disk, Length);
            hashes.Add(piece);
        }

        return hashes;
    }
}
