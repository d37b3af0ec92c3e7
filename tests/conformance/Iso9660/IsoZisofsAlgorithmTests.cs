using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Iso9660;

/// <summary>The algorithms of zisofs2 beside zlib. The program that makes such files (zisofs2-tools) is in no Debian
/// package: here each block is packed by the algorithm's own program, header and table are made by hand from the
/// description of zisofs2, and xorriso makes the image with the ZF entries of what it finds so packed.</summary>
public sealed class IsoZisofsAlgorithmTests
{
    private const int BlockSize = 32768;
    private const int HeaderLength = 24;

    [Theory]
    [InlineData(2, "xz -c")]
    [InlineData(3, "lz4 -c -BD")]
    [InlineData(4, "zstd -q -c")]
    [InlineData(5, "bzip2 -c")]
    public void Files_of_each_algorithm_are_shown_unpacked(byte algorithm, string packer)
    {
        Requires.Tool("xorriso", packer.Split(' ')[0]);
        using TemporaryFolder folder = new();
        byte[] plain = [.. Numbers(), .. new byte[BlockSize], .. Numbers().Take(1234)];
        byte[] packed = Pack(folder, plain, algorithm, packer);
        string image = MakeImage(folder, packed);
        using BlockSource volume = FileSource.Open(image);
        using FileTree tree = IsoImage.Open(volume);
        Assert.Equal(plain.Length, TreeWalk.Find(tree, "file").Size);
        Assert.Equal(plain, TreeWalk.ReadFile(tree, "file"));
        using BlockSource file = tree.OpenFile(TreeWalk.Find(tree, "file").Id);
        Assert.Equal(ExtentKind.Zero, file.GetExtent(BlockSize * 2).Kind);

        // A byte in the middle of the first block: an error there, and nowhere else.
        byte[] bytes = File.ReadAllBytes(image);
        int header = bytes.AsSpan().IndexOf(packed.AsSpan(0, HeaderLength));
        int first = (int)BinaryPrimitives.ReadInt64LittleEndian(packed.AsSpan(HeaderLength));
        bytes.AsSpan(header + first, 200).Fill(0x55);
        using MemorySource damaged = new(bytes);
        using FileTree again = IsoImage.Open(damaged);
        using BlockSource part = again.OpenFile(TreeWalk.Find(again, "file").Id);
        Assert.Throws<ImageFormatException>(() => part.ReadBytes(0, 1));
        Assert.Equal(plain[BlockSize..], part.ReadBytes(BlockSize, plain.Length - BlockSize));
    }

    [Fact]
    public void An_algorithm_that_is_not_known_is_refused_by_its_number()
    {
        Requires.Tool("xorriso", "bzip2");
        using TemporaryFolder folder = new();
        byte[] packed = Pack(folder, [.. Numbers()], 5, "bzip2 -c");
        byte[] bytes = File.ReadAllBytes(MakeImage(folder, packed));
        bytes[bytes.AsSpan().IndexOf(packed.AsSpan(0, HeaderLength)) + 10] = 6;
        using MemorySource volume = new(bytes);
        using FileTree tree = IsoImage.Open(volume);
        ulong id = TreeWalk.Find(tree, "file").Id;
        UnsupportedFeatureException error = Assert.Throws<UnsupportedFeatureException>(() => tree.OpenFile(id));
        Assert.Contains("zisofs' algorithm 6", error.Message, StringComparison.Ordinal);
    }

    // Two blocks.
    private static IEnumerable<byte> Numbers() =>
        Encoding.ASCII.GetBytes(string.Join('\n', Enumerable.Range(0, 20000))).Take(BlockSize * 2);

    private static byte[] Pack(TemporaryFolder folder, byte[] plain, byte algorithm, string packer)
    {
        int count = (plain.Length + BlockSize - 1) / BlockSize;
        byte[] head = new byte[HeaderLength + ((count + 1) * 8)];
        ReadOnlySpan<byte> magic = [0xEF, 0x22, 0x55, 0xA1, 0xBC, 0x1B, 0x95, 0xA0];
        magic.CopyTo(head);
        head[9] = HeaderLength / 4;
        head[10] = algorithm;
        head[11] = 15;
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(12), plain.Length);
        List<byte> data = [];
        for (int i = 0; i <= count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(HeaderLength + (i * 8)), head.Length + data.Count);
            byte[] block = [.. plain.Skip(i * BlockSize).Take(BlockSize)];
            if (block.AsSpan().ContainsAnyExcept((byte)0))
            {
                File.WriteAllBytes(folder["block"], block);
                string[] words = packer.Split(' ');
                data.AddRange(Tool.Run(words[0], [.. words[1..], folder["block"]]).Output);
            }
        }

        return [.. head, .. data];
    }

    private static string MakeImage(TemporaryFolder folder, byte[] packed)
    {
        Directory.CreateDirectory(folder["source"]);
        File.WriteAllBytes(folder["source/file"], packed);
        Tool.Shell($"""
            cd '{folder.Path}'
            xorriso -zisofs by_magic=v2 -outdev image -map source / > log 2>&1
            """);
        return folder["image"];
    }
}
