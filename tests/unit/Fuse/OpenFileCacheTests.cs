using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Fuse.Handlers;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Fuse;

public sealed class OpenFileCacheTests
{
    [Fact]
    public void Files_beyond_the_bound_are_closed_the_least_recently_used_first()
    {
        using MemoryTree tree = Tree(4, out ulong first);
        using OpenFileCache cache = new(tree, 2);
        foreach (ulong node in new[] { first, first + 1, first, first + 2, first })
        {
            cache.Release(cache.Acquire(node));
        }

        // first, first + 1, then first + 2 in place of first + 1; first was there all the time.
        Assert.Equal(3, tree.Opened);
        Assert.Equal(2, cache.Count);
        cache.Release(cache.Acquire(first + 1));
        Assert.Equal(4, tree.Opened);
    }

    [Fact]
    public void A_file_in_use_is_not_closed_whatever_the_bound()
    {
        using MemoryTree tree = Tree(4, out ulong first);
        using OpenFileCache cache = new(tree, 1);
        OpenFileCache.OpenFile held = cache.Acquire(first);
        for (ulong node = first + 1; node < first + 4; node++)
        {
            cache.Release(cache.Acquire(node));
        }

        Assert.Same(held, cache.Acquire(first));
        Assert.Equal(16, held.Content!.ReadUpTo(0, new byte[100]));
        cache.Release(held);
        cache.Release(held);
        Assert.InRange(cache.Count, 1, 2);
    }

    [Fact]
    public void A_file_that_cannot_be_opened_is_not_kept()
    {
        using MemoryTree tree = Tree(1, out ulong first);
        using OpenFileCache cache = new(tree, 2);
        tree.Break(first, new ImageFormatException("memory", 0, "broken"));
        Assert.Throws<ImageFormatException>(() => cache.Acquire(first));
        Assert.Throws<ImageFormatException>(() => cache.Acquire(first));
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void Many_threads_share_few_files()
    {
        using MemoryTree tree = Tree(32, out ulong first);
        using OpenFileCache cache = new(tree, 4);
        Parallel.For(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            ulong node = first + (ulong)(i * 7 % 32);
            OpenFileCache.OpenFile file = cache.Acquire(node);
            byte[] bytes = new byte[16];
            file.Content!.Read(0, bytes);
            cache.Release(file);
            Assert.All(bytes, value => Assert.Equal((byte)(node - first), value));
        });
        Assert.InRange(cache.Count, 1, 4 + 8);
    }

    private static MemoryTree Tree(int files, out ulong first)
    {
        MemoryTree tree = new();
        first = MemoryTree.RootId + 1;
        for (int i = 0; i < files; i++)
        {
            byte[] content = new byte[16];
            Array.Fill(content, (byte)i);
            tree.AddFile(MemoryTree.RootId, $"file {i}", new MemorySource(content));
        }

        return tree;
    }
}
