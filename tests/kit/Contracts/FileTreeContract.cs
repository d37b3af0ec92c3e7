using Imaged.Blocks;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.TestKit.Contracts;

/// <summary>What every file tree must do. A file system's test class derives from this and names a sample.</summary>
public abstract class FileTreeContract
{
    /// <summary>A volume that holds the file system: some directories, files, and whatever else it can hold.</summary>
    protected abstract BlockSource OpenVolume();

    /// <summary>The tree on it.</summary>
    protected abstract FileTree OpenTree(BlockSource volume);

    [Fact]
    public void Every_listed_node_is_found_by_name_and_by_id()
    {
        using BlockSource volume = OpenVolume();
        using FileTree tree = OpenTree(volume);
        int count = 0;
        foreach ((NodeInfo directory, DirectoryEntry entry) in TreeWalk.All(tree))
        {
            Assert.True(tree.TryLookup(directory.Id, entry.Name.Span, out NodeInfo found), TreeWalk.Text(entry.Name));
            Assert.Equal(entry.Node, found);
            Assert.Equal(entry.Node, tree.GetNode(entry.Node.Id));
            count++;
        }

        Assert.NotEqual(0, count);
        Assert.Equal(tree.Root, tree.GetNode(tree.Root.Id));
    }

    [Fact]
    public void Ids_and_cookies_mean_the_same_in_another_instance()
    {
        using BlockSource volume = OpenVolume();
        using FileTree tree = OpenTree(volume);
        using FileTree other = OpenTree(volume);
        foreach (NodeInfo directory in TreeWalk.Directories(tree))
        {
            DirectoryEntry[] all = [.. tree.ReadDirectory(directory.Id, 0)];
            long cookie = 0;
            for (int i = 0; i < all.Length; i++)
            {
                DirectoryEntry next = other.ReadDirectory(directory.Id, cookie).First();
                Assert.Equal(all[i].Name.ToArray(), next.Name.ToArray());
                Assert.Equal(all[i].Node, next.Node);
                Assert.True(all[i].NextCookie > cookie, "cookies grow");
                cookie = all[i].NextCookie;
            }

            Assert.Empty(other.ReadDirectory(directory.Id, cookie));
        }
    }

    [Fact]
    public void A_name_that_is_not_there_is_not_found()
    {
        using BlockSource volume = OpenVolume();
        using FileTree tree = OpenTree(volume);
        Assert.False(tree.TryLookup(tree.Root.Id, "no such name, surely"u8, out _));
    }

    [Fact]
    public void Slices_of_files_equal_the_whole_from_eight_threads_at_once()
    {
        using BlockSource volume = OpenVolume();
        using FileTree tree = OpenTree(volume);
        Random random = new(1);
        foreach (NodeInfo node in TreeWalk.Files(tree).Where(file => file.Size is > 0 and < 4 << 20).Take(64))
        {
            using BlockSource file = tree.OpenFile(node.Id);
            Assert.Equal(node.Size, file.Length);
            byte[] whole = file.ReadBytes(0, (int)file.Length);
            (int Offset, int Count)[] slices = [.. Enumerable.Range(0, 32).Select(_ =>
            {
                int offset = random.Next(whole.Length);
                return (offset, random.Next(whole.Length - offset + 1));
            })];
            Parallel.ForEach(slices, new ParallelOptions { MaxDegreeOfParallelism = 8 }, slice =>
                Assert.Equal(
                    whole[slice.Offset..(slice.Offset + slice.Count)], file.ReadBytes(slice.Offset, slice.Count)));
        }
    }

    [Fact]
    public void Extents_tile_every_file()
    {
        using BlockSource volume = OpenVolume();
        using FileTree tree = OpenTree(volume);
        foreach (NodeInfo node in TreeWalk.Files(tree))
        {
            using BlockSource file = tree.OpenFile(node.Id);
            SourceContract.ExtentsTile(file);
        }
    }

    [Fact]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error()
    {
        using BlockSource volume = OpenVolume();
        HostileInput.Try(volume, source =>
        {
            using FileTree tree = OpenTree(source);
            TreeWalk.Touch(tree);
        });
    }
}
