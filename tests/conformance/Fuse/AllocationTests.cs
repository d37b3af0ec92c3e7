using System.Text;
using Imaged.Blocks;
using Imaged.Fuse;
using Imaged.Fuse.Handlers;
using Imaged.Fuse.Session;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Fuse;

public sealed class AllocationTests
{
    private const int Reads = 100_000;
    private const int Size = 4096;

    [Fact]
    public void Reads_of_a_disk_file_allocate_nothing()
    {
        FuseMount.Require();
        using ZeroSource disk = new((long)Reads * Size);
        AssertNothingAllocated(new DiskFileHandler(disk, Encoding.UTF8.GetBytes("file")));
    }

    [Fact]
    public void Reads_of_a_file_of_a_tree_allocate_nothing()
    {
        FuseMount.Require();
        using ZeroSource disk = new((long)Reads * Size);
        using MemoryTree tree = new();
        tree.AddFile(MemoryTree.RootId, "file", disk);
        using TreeHandler handler = new(tree, new());
        AssertNothingAllocated(handler);
    }

    private static void AssertNothingAllocated(IFuseHandler handler)
    {
        using ServedMount served = new(handler);
        string dd = $"dd if='{served["file"]}' of=/dev/null bs={Size} iflag=direct status=none";
        Tool.Shell($"{dd} count=1000");
        FuseSessionCounters before = served.Session.Counters;
        Tool.Shell(dd);
        FuseSessionCounters after = served.Session.Counters;
        Assert.InRange(after.Reads - before.Reads, Reads, Reads + 1);
        Assert.InRange(after.BytesRead - before.BytesRead, (long)Reads * Size, (long)Reads * Size);

        // What the run-time itself does on a thread now and then; less than a byte in a hundred requests.
        Assert.InRange(after.AllocatedBytes - before.AllocatedBytes, 0, 1000);
    }
}
