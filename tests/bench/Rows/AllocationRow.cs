using System.Globalization;
using System.Runtime.InteropServices;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Fuse;
using Imaged.Fuse.Abi;
using Imaged.Fuse.Handlers;
using Imaged.Fuse.Session;
using Imaged.Linux;
using Imaged.TestKit;

namespace Imaged.Bench.Rows;

/// <summary>Managed memory allocated per READ, by the code that serves the kernel's requests.</summary>
internal sealed class AllocationRow : IRow
{
    private const int Requests = 100_000;
    private const int Payload = 65536;

    public string Name => "allocation";

    public void Run(Report report)
    {
        report.Line("## Managed memory allocated by READ requests");
        report.Line(string.Empty);
        report.Line($"{Requests.ToString("N0", CultureInfo.InvariantCulture)} requests each, 4 KiB at random offsets.");
        report.Line(string.Empty);

        using FileSource file = FileSource.Open(Work.BigFile());
        DiskFileHandler disk = new(file, "disk"u8.ToArray());
        report.Goal("a disk file, bytes in all", Count(disk, 2, file.Length), 0, atMost: true);
        foreach (string name in new[] { "demo.iso", "zisofs.iso.xz", "fat16.img.xz", "ext4.img.xz", "bridge.iso.xz" })
        {
            using MemorySource volume = new(TreeSamples.Read(name));
            using FileTree tree = FileSystems.Open(volume, null, new FileTreeOptions(new BlockCache(8 << 20)));
            NodeInfo node = TreeWalk.Find(tree, "docs/longer.txt");
            using TreeHandler handler = new(tree, new TreeHandlerOptions());
            double bytes = Count(handler, node.Id, node.Size);
            report.Goal($"a file in {tree.Volume.FileSystem} ({name}), bytes in all", bytes, 0, atMost: true);
        }
    }

    private static unsafe double Count(IFuseHandler handler, ulong node, long length)
    {
        Dispatcher dispatcher = new(handler, Payload);
        using AlignedBuffer body = new(Payload);
        FuseInHeader header = new() { Opcode = FuseOpcode.Read, Node = node, Length = 80 };
        byte[] arguments = new byte[sizeof(FuseReadIn)];
        Random random = new(3);
        long before = 0;
        for (int i = 0; i < Requests + 1000; i++)
        {
            if (i == 1000)
            {
                // What is done once for a file is done.
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            FuseReadIn read = new() { Offset = (ulong)random.NextInt64(length), Size = 4096 };
            MemoryMarshal.Write(arguments, in read);
            FuseStatus status = dispatcher.Serve(header, arguments, body.Address, out _);
            if (status != FuseStatus.Ok)
            {
                throw new IOException($"READ ended with {status}");
            }
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
