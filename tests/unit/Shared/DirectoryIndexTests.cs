using CsCheck;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;
using Xunit;

namespace Imaged.UnitTests.Shared;

public sealed class DirectoryIndexTests
{
    [Fact]
    public void All_positions_of_a_hash_are_found_in_their_order() =>
        Gen.Select(Gen.ULong[0, 20], Gen.UInt).List[0, 200].Sample(names =>
        {
            DirectoryIndex<string> index = new("content", 0, names, null);
            for (ulong hash = 0; hash <= 21; hash++)
            {
                List<uint> found = [];
                for (long at = index.Find(hash, 0); at >= 0; at = index.Find(hash, at + 1))
                {
                    found.Add((uint)at);
                }

                Assert.Equal(
                    names.Where(name => name.Item1 == hash).Select(name => name.Item2).Distinct().Order(), found);
            }

            Assert.Null(index.Hidden);
        });

    [Fact]
    public void Where_equals_are_hidden_only_the_first_one_of_each_hash_is_not() =>
        Gen.ULong[0, 20].List[0, 200].Sample(hashes =>
        {
            List<(ulong Hash, uint Position)> names = [.. hashes.Select((hash, i) => (hash, (uint)(i * 3)))];
            DirectoryIndex<string> index = new("content", 0, names, null, hidesEquals: true);
            HashSet<uint> shown = [.. names.GroupBy(name => name.Hash).Select(group => group.First().Position)];
            Assert.All(names, name => Assert.NotEqual(
                shown.Contains(name.Position), index.Hidden?.Contains(name.Position) == true));
        });

    [Fact]
    public void A_damaged_directory_is_told_where_a_name_is_not_found()
    {
        DirectoryIndex<string> sound = new("content", 0, [], null);
        sound.ThrowIfDamaged("test");
        DirectoryIndex<string> damaged = new("content", 0, [], new ImageFormatException("test", 77, "broken"));
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => damaged.ThrowIfDamaged("test"));
        Assert.Equal(77, error.Offset);
    }

    [Fact]
    public void The_cache_keeps_what_was_used_last_and_no_more_than_it_may()
    {
        DirectoryIndexCache<int> cache = new();
        List<ulong> made = [];
        DirectoryIndex<int> Make(ulong id)
        {
            made.Add(id);
            return new((int)id, contentBytes: 20 << 20, [], null);
        }

        // Three of 20 MiB fit into 64 MiB.
        foreach (ulong id in (ulong[])[1, 2, 3, 1, 4, 1, 3, 2])
        {
            Assert.Equal((int)id, cache.Get(id, Make).Content);
        }

        Assert.Equal([1ul, 2, 3, 4, 2], made);
    }
}
