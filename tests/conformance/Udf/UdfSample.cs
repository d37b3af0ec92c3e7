using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Udf;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Udf;

/// <summary>The images of <c>tests/samples/udf</c>, and a tree as the lines of their listings.</summary>
internal static class UdfSample
{
    /// <summary>An image in memory.</summary>
    public static MemorySource Open(string name) => new(Unpack(name + ".img.xz"));

    /// <summary>The bytes of an image, to be changed.</summary>
    public static byte[] Bytes(string name) => Unpack(name + ".img.xz");

    /// <summary>What the kernel said about the image.</summary>
    public static string[] KernelListing(string name) =>
        Encoding.UTF8.GetString(Unpack(name + ".tsv.xz")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The tree on a volume.</summary>
    public static FileTree OpenTree(BlockSource volume) => UdfFileSystem.Open(volume, new(new BlockCache(8 << 20)));

    /// <summary>The tree as the lines of a listing (see <c>listing.py</c> beside the images).</summary>
    public static string[] Listing(FileTree tree)
    {
        List<(string Path, string Line)> lines = [(".", Line(tree, ".", tree.Root))];
        lines.AddRange(TreeWalk.AllPaths(tree).Select(item =>
            ("./" + item.Path, Line(tree, item.Path, item.Entry.Node))));
        return [.. lines.OrderBy(item => item.Path, Utf8Order.Instance).Select(item => item.Line)];
    }

    /// <summary>Byte offset of the block that a node's ICB is in.</summary>
    public static int Offset(byte[] image, ulong id)
    {
        UdfSequence sequence = UdfLocator.Find(new MemorySource(image))!;
        using UdfVolume volume = new(new MemorySource(image), sequence, new BlockCache(1 << 20));
        UdfPartitionMaps.Build(volume, []);
        Assert.True(UdfAddress.TryFromNodeId(id, out UdfAddress address));
        Assert.True(volume.Partitions[address.Partition].TryMap(address.Block, out long block, out _));
        return (int)(block * sequence.BlockSize);
    }

    /// <summary>Makes CRC and checksum of a descriptor right.</summary>
    public static void Seal(byte[] image, int offset)
    {
        Span<byte> tag = image.AsSpan(offset);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(tag[10..]);
        BinaryPrimitives.WriteUInt16LittleEndian(tag[8..], UdfTag.ComputeCrc(tag.Slice(16, length)));
        tag[4] = 0;
        int sum = 0;
        foreach (byte value in tag[..16])
        {
            sum += value;
        }

        tag[4] = (byte)sum;
    }

    private static string Line(FileTree tree, string path, NodeInfo node)
    {
        string device = node.Type is FileType.BlockDevice or FileType.CharacterDevice
            ? $"{node.DeviceMajor}:{node.DeviceMinor}"
            : "-";
        string target = node.Type == FileType.SymbolicLink ? TreeWalk.Text(tree.ReadLink(node.Id)) : "-";
        string digest = "-";
        if (node.Type == FileType.Regular)
        {
            using BlockSource file = tree.OpenFile(node.Id);
            digest = Convert.ToHexStringLower(SHA256.HashData(file.ReadBytes(0, (int)file.Length)));
        }

        return string.Join(
            '\t',
            path,
            TypeLetter(node.Type),
            Convert.ToString(node.Permissions, 8),
            Number(node.Uid),
            Number(node.Gid),
            Number(node.Links),
            Number(node.Size),
            Number(node.AllocatedBytes / 512),
            Nanoseconds(node.Accessed),
            Nanoseconds(node.Modified),
            Nanoseconds(node.Changed),
            device,
            target,
            digest);
    }

    private static string TypeLetter(FileType type) => type switch
    {
        FileType.Fifo => "p",
        FileType.CharacterDevice => "c",
        FileType.Directory => "d",
        FileType.BlockDevice => "b",
        FileType.Regular => "f",
        FileType.SymbolicLink => "l",
        FileType.Socket => "s",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Nanoseconds(Timestamp time) =>
        Number((time.Seconds * 1_000_000_000) + time.Nanoseconds);

    private static byte[] Unpack(string name)
    {
        Requires.Tool("xz");
        return Tool.Run("xz", "-dc", Path.Combine(Samples.Tree, "tests", "samples", "udf", name)).Output;
    }

    private sealed class Utf8Order : IComparer<string>
    {
        public static readonly Utf8Order Instance = new();

        public int Compare(string? x, string? y) =>
            Encoding.UTF8.GetBytes(x!).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y!));
    }
}
