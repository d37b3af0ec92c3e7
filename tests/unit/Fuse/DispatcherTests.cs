using System.Runtime.InteropServices;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Fuse.Abi;
using Imaged.Fuse.Handlers;
using Imaged.Fuse.Session;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Fuse;

public sealed unsafe class DispatcherTests
{
    private const int Payload = 65536;

    [Fact]
    public void Any_bytes_as_arguments_end_in_an_answer_or_an_error_of_the_tree()
    {
        using MemoryTree tree = SmallTree(out _);
        using TreeHandler handler = new(tree, new());
        Dispatcher dispatcher = new(handler, Payload);
        using AlignedBuffer body = new(Payload);
        Random random = new(3);
        byte[] arguments = new byte[200];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(arguments);
            if (i % 2 == 0)
            {
                // Small numbers reach further.
                for (int j = 0; j < arguments.Length; j++)
                {
                    arguments[j] = random.Next(4) == 0 ? (byte)random.Next(256) : (byte)0;
                }
            }

            FuseInHeader header = new()
            {
                Opcode = (FuseOpcode)random.Next(60),
                Node = (ulong)(random.Next(3) == 0 ? 1 : 100 + random.Next(8)),
            };
            try
            {
                FuseStatus status = dispatcher.Serve(
                    header, arguments.AsSpan(0, random.Next(arguments.Length)), body.Address, out int length);
                Assert.InRange(length, 0, status == FuseStatus.Ok ? Payload : int.MaxValue);
            }
            catch (ImageFormatException)
            {
                // A node that is not of that type or does not exist.
            }
        }
    }

    [Theory]
    [InlineData(FuseOpcode.SetAttr, FuseStatus.ReadOnly)]
    [InlineData(FuseOpcode.Write, FuseStatus.ReadOnly)]
    [InlineData(FuseOpcode.Unlink, FuseStatus.ReadOnly)]
    [InlineData(FuseOpcode.FSync, FuseStatus.Ok)]
    [InlineData(FuseOpcode.Release, FuseStatus.Ok)]
    [InlineData(FuseOpcode.OpenDir, FuseStatus.NotImplemented)]
    [InlineData(FuseOpcode.Flush, FuseStatus.NotImplemented)]
    [InlineData(FuseOpcode.IoCtl, FuseStatus.NoIoctl)]
    [InlineData(FuseOpcode.FAllocate, FuseStatus.NotSupported)]
    [InlineData((FuseOpcode)4711, FuseStatus.NotImplemented)]
    public void Requests_with_a_fixed_answer_get_it(FuseOpcode opcode, FuseStatus expected)
    {
        using MemoryTree tree = SmallTree(out _);
        using TreeHandler handler = new(tree, new());
        using AlignedBuffer body = new(Payload);
        FuseInHeader header = new() { Opcode = opcode, Node = 1 };
        Assert.Equal(expected, new Dispatcher(handler, Payload).Serve(header, default, body.Address, out int length));
        Assert.Equal(0, length);
    }

    [Fact]
    public void Looking_up_asking_opening_and_reading_allocate_nothing()
    {
        using MemoryTree tree = SmallTree(out ulong file);
        using TreeHandler handler = new(tree, new());
        Dispatcher dispatcher = new(handler, Payload);
        using AlignedBuffer body = new(Payload);
        byte[] name = Encoding.UTF8.GetBytes("file\0");
        byte[] open = new byte[8];
        byte[] read = new byte[40];
        BitConverter.TryWriteBytes(read.AsSpan(16), 4096u);
        Round();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Round();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Round()
        {
            Serve(FuseOpcode.Lookup, 1, name);
            Serve(FuseOpcode.GetAttr, file, default);
            Serve(FuseOpcode.StatX, file, default);
            Serve(FuseOpcode.Open, file, open);
            Serve(FuseOpcode.Read, file, read);
        }

        void Serve(FuseOpcode opcode, ulong node, ReadOnlySpan<byte> arguments)
        {
            FuseInHeader header = new() { Opcode = opcode, Node = node };
            if (dispatcher.Serve(header, arguments, body.Address, out _) != FuseStatus.Ok)
            {
                Assert.Fail(opcode.ToString());
            }
        }
    }

    [Fact]
    public void A_listing_goes_on_from_any_offset_with_and_without_its_cursor()
    {
        using MemoryTree tree = new();
        using MemorySource empty = new(ReadOnlyMemory<byte>.Empty);
        for (int i = 0; i < 500; i++)
        {
            tree.AddFile(MemoryTree.RootId, $"name {i}", empty);
        }

        using TreeHandler handler = new(tree, new(Listings: 1));
        using TreeHandler other = new(tree, new(Listings: 1));
        Assert.Equal(502, List(handler, handler).Count);
        Assert.Equal(List(handler, handler), List(handler, other));
        Assert.Equal([".", "..", "name 0"], List(handler, handler).Take(3));
    }

    [Fact]
    public void Entries_of_files_carry_attributes_for_as_long_as_names_are_looked_up()
    {
        using MemoryTree tree = new();
        using MemorySource empty = new(ReadOnlyMemory<byte>.Empty);
        ulong folder = tree.AddDirectory(MemoryTree.RootId, "folder");
        ulong file = tree.AddFile(MemoryTree.RootId, "file", empty);
        using TreeHandler handler = new(tree, new());
        using AlignedBuffer body = new(Payload);
        Dispatcher dispatcher = new(handler, Payload);
        Assert.Equal([(0ul, 4u), (0ul, 4u), (folder, 4u), (file, 8u)], Entries());
        Assert.InRange(ListUntilPlain(), 100, 10_000);
        Assert.Equal([(0ul, 4u), (0ul, 4u), (folder, 4u), (0ul, 8u)], Entries());
        Lookup("folder\0"u8);
        Assert.Equal((0ul, 8u), Entries()[3]);
        Lookup("file\0"u8);
        Assert.InRange(ListUntilPlain(), 10, 1000);

        int ListUntilPlain()
        {
            int full = 0;
            while (Entries()[3] == (file, 8u))
            {
                full++;
            }

            return full;
        }

        void Lookup(ReadOnlySpan<byte> name)
        {
            FuseInHeader header = new() { Opcode = FuseOpcode.Lookup, Node = 1 };
            Assert.Equal(FuseStatus.Ok, dispatcher.Serve(header, name, body.Address, out _));
        }

        // The kernel's node and type (DT_DIR is 4, DT_REG is 8) of each entry; the inode number is always there.
        List<(ulong Node, uint Type)> Entries()
        {
            byte[] arguments = new byte[40];
            BitConverter.TryWriteBytes(arguments.AsSpan(16), (uint)Payload);
            FuseInHeader header = new() { Opcode = FuseOpcode.ReadDirPlus, Node = 1 };
            Assert.Equal(FuseStatus.Ok, dispatcher.Serve(header, arguments, body.Address, out int length));
            List<(ulong Node, uint Type)> entries = [];
            for (int at = 0; at < length;)
            {
                ulong node = MemoryMarshal.Read<FuseEntryOut>(body.GetSpan()[at..]).Node;
                at += sizeof(FuseEntryOut);
                FuseDirent entry = MemoryMarshal.Read<FuseDirent>(body.GetSpan()[at..]);
                Assert.NotEqual(0u, entry.Inode);
                entries.Add((node, entry.Type));
                at += (sizeof(FuseDirent) + (int)entry.NameLength + 7) & ~7;
            }

            return entries;
        }
    }

    // Every second request goes to the second handler, which then has no cursor at that place.
    private static List<string> List(TreeHandler even, TreeHandler odd)
    {
        using AlignedBuffer body = new(4096);
        Dispatcher[] dispatchers = [new(even, 4096), new(odd, 4096)];
        List<string> names = [];
        byte[] arguments = new byte[40];
        BitConverter.TryWriteBytes(arguments.AsSpan(16), 4096u);
        for (int i = 0; i < 1000; i++)
        {
            FuseInHeader header = new() { Opcode = FuseOpcode.ReadDirPlus, Node = 1 };
            Assert.Equal(FuseStatus.Ok, dispatchers[i % 2].Serve(header, arguments, body.Address, out int length));
            if (length == 0)
            {
                return names;
            }

            for (int at = 0; at < length;)
            {
                at += sizeof(FuseEntryOut);
                FuseDirent entry = MemoryMarshal.Read<FuseDirent>(body.GetSpan()[at..]);
                Span<byte> name = body.GetSpan().Slice(at + sizeof(FuseDirent), (int)entry.NameLength);
                names.Add(Encoding.UTF8.GetString(name));
                BitConverter.TryWriteBytes(arguments.AsSpan(8), entry.NextOffset);
                at += (sizeof(FuseDirent) + (int)entry.NameLength + 7) & ~7;
            }
        }

        throw new InvalidOperationException("the listing has no end");
    }

    private static MemoryTree SmallTree(out ulong file)
    {
        MemoryTree tree = new();
        file = tree.AddFile(MemoryTree.RootId, "file", new MemorySource(new byte[10000]));
        tree.AddLink(MemoryTree.RootId, "link", "file");
        ulong folder = tree.AddDirectory(MemoryTree.RootId, "folder");
        tree.AddFile(folder, "inner", new ZeroSource(1 << 30));
        tree.SetAttribute(file, "user.x", [1, 2, 3]);
        return tree;
    }
}
