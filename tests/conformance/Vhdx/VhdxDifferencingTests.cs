using System.Buffers.Binary;
using System.Text;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Vhdx;

/// <summary>What qemu-img does not write: a disk of it is made a differencing one on another one, or one of large
/// sectors.</summary>
public sealed class VhdxDifferencingTests
{
    private const int Megabyte = 1 << 20;
    private const int Length = 12 * Megabyte;
    private const int SectorsOfBlock = Megabyte / 512;

    // Payload blocks of a chunk: 2^23 sectors in blocks of 1 MiB; the entry behind them is that of their bitmap.
    private const int ChunkRatio = 4096;

    private static readonly Guid Bat = new("2DC27766-F623-4200-9D64-115E9BFD4A08");
    private static readonly Guid Metadata = new("8B7CA206-4790-4B9A-B8FE-575F050F886E");
    private static readonly Guid FileParameters = new("CAA16737-FA36-4D43-B3B6-33F0AA44E76B");
    private static readonly Guid LogicalSector = new("8141BF1D-A96F-4709-BA47-F233A8FAAB5F");
    private static readonly Guid ParentLocator = new("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C");
    private static readonly Guid VhdxParent = new("B04AEFB7-D19E-4A81-B789-25B8E9445913");

    [Fact]
    public void Sectors_are_the_disks_own_where_the_bitmap_says_so()
    {
        using TemporaryFolder folder = Make(out byte[] parent, out byte[] own);
        byte[] child = File.ReadAllBytes(folder["child.vhdx"]);
        AddParent(child, DataWriteId(File.ReadAllBytes(folder["Parent.vhdx"])));
        byte[] expected = MixBlocks(ref child, parent, own);
        File.WriteAllBytes(folder["child.vhdx"], child);
        using FolderFiles files = new(folder.Path, "child.vhdx");
        using DiskImage image = QemuImage.Open(files, "child.vhdx");
        Assert.Equal(expected, image.Content.ReadBytes(0, expected.Length));
        Assert.Equal(["child.vhdx", "Parent.vhdx"], files.Opened.Select(file => file.Name));
        SourceContract.ExtentsTile(image.Content);
    }

    [Fact]
    public void Another_disk_of_the_parents_name_is_refused()
    {
        using TemporaryFolder folder = Make(out _, out _);
        byte[] child = File.ReadAllBytes(folder["child.vhdx"]);
        AddParent(child, Guid.NewGuid());
        File.WriteAllBytes(folder["child.vhdx"], child);
        using FolderFiles files = new(folder.Path, "child.vhdx");
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => QemuImage.Open(files, "child.vhdx"));
        Assert.Contains("has the id", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sectors_of_4096_bytes_are_those_of_the_disk()
    {
        using TemporaryFolder folder = Make(out _, out byte[] own);
        byte[] disk = File.ReadAllBytes(folder["child.vhdx"]);
        BinaryPrimitives.WriteInt32LittleEndian(disk.AsSpan(Item(disk, LogicalSector)), 4096);
        File.WriteAllBytes(folder["child.vhdx"], disk);
        using FolderFiles files = new(folder.Path, "child.vhdx");
        using DiskImage image = QemuImage.Open(files, "child.vhdx");
        Assert.Equal(4096, image.Content.SectorSize);
        Assert.Equal(own, image.Content.ReadBytes(0, own.Length));
    }

    private static TemporaryFolder Make(out byte[] parent, out byte[] own)
    {
        Requires.Tool("qemu-img");
        TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["parent.raw"], Length, 1);
        QemuImage.MakeRaw(folder["child.raw"], Length, 2);
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img convert -f raw -O vhdx -o block_size=1M parent.raw Parent.vhdx
            qemu-img convert -f raw -O vhdx -o block_size=1M -S 0 child.raw child.vhdx
            """);
        parent = File.ReadAllBytes(folder["parent.raw"]);
        own = File.ReadAllBytes(folder["child.raw"]);
        return folder;
    }

    // Blocks of the child become by turns: not there, wholly there, there in part, zero.
    private static byte[] MixBlocks(ref byte[] child, byte[] parent, byte[] own)
    {
        int bat = Region(child, Bat);
        int bitmapOffset = (child.Length + Megabyte - 1) / Megabyte * Megabyte;
        byte[] bitmap = new byte[Megabyte];
        byte[] expected = [.. parent];
        Random random = new(4);
        for (int block = 0; block < Length / Megabyte; block++)
        {
            Span<byte> entry = child.AsSpan(bat + (block * 8), 8);
            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(entry) & ~0xful;
            Assert.NotEqual(0ul, offset);
            int begin = block * Megabyte;
            switch (block % 4)
            {
                case 0:
                    BinaryPrimitives.WriteUInt64LittleEndian(entry, 0);
                    break;
                case 1:
                    own.AsSpan(begin, Megabyte).CopyTo(expected.AsSpan(begin));
                    break;
                case 2:
                    BinaryPrimitives.WriteUInt64LittleEndian(entry, 2);
                    expected.AsSpan(begin, Megabyte).Clear();
                    break;
                default:
                    BinaryPrimitives.WriteUInt64LittleEndian(entry, offset | 7);
                    for (int i = 0; i < SectorsOfBlock; i++)
                    {
                        if ((i / 37 * 2654435761u >> 7) % 2 == 0 || random.Next(50) == 0)
                        {
                            int sector = (block * SectorsOfBlock) + i;
                            bitmap[sector / 8] |= (byte)(1 << (sector % 8));
                            own.AsSpan(sector * 512, 512).CopyTo(expected.AsSpan(sector * 512));
                        }
                    }

                    break;
            }
        }

        BinaryPrimitives.WriteUInt64LittleEndian(child.AsSpan(bat + (ChunkRatio * 8)), (ulong)bitmapOffset | 6);
        child = [.. child, .. new byte[bitmapOffset - child.Length], .. bitmap];
        return expected;
    }

    // The newer one of the two headers counts.
    private static Guid DataWriteId(byte[] disk)
    {
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(disk.AsSpan((64 << 10) + 8));
        ulong second = BinaryPrimitives.ReadUInt64LittleEndian(disk.AsSpan((128 << 10) + 8));
        return new Guid(disk.AsSpan((first > second ? 64 << 10 : 128 << 10) + 32, 16));
    }

    private static int Region(byte[] disk, Guid id)
    {
        int at = disk.AsSpan(192 << 10, 64 << 10).IndexOf(id.ToByteArray());
        return (int)BinaryPrimitives.ReadUInt64LittleEndian(disk.AsSpan((192 << 10) + at + 16));
    }

    private static int Item(byte[] disk, Guid id)
    {
        int metadata = Region(disk, Metadata);
        int at = disk.AsSpan(metadata, 64 << 10).IndexOf(id.ToByteArray());
        return metadata + (int)BinaryPrimitives.ReadUInt32LittleEndian(disk.AsSpan(metadata + at + 16));
    }

    private static void AddParent(byte[] disk, Guid id)
    {
        byte[][] texts =
        [
            Encoding.Unicode.GetBytes("parent_linkage"), Encoding.Unicode.GetBytes(id.ToString("B")),
            Encoding.Unicode.GetBytes("relative_path"), Encoding.Unicode.GetBytes(@".\folder\parent.vhdx"),
        ];
        using MemoryStream locator = new();
        using BinaryWriter writer = new(locator);
        writer.Write(VhdxParent.ToByteArray());
        writer.Write((short)0);
        writer.Write((short)2);
        int offset = 20 + (2 * 12);
        for (int i = 0; i < texts.Length; i += 2)
        {
            writer.Write(offset);
            writer.Write(offset + texts[i].Length);
            writer.Write((short)texts[i].Length);
            writer.Write((short)texts[i + 1].Length);
            offset += texts[i].Length + texts[i + 1].Length;
        }

        foreach (byte[] text in texts)
        {
            writer.Write(text);
        }

        const int ItemOffset = 512 << 10;
        int metadata = Region(disk, Metadata);
        short count = BinaryPrimitives.ReadInt16LittleEndian(disk.AsSpan(metadata + 10));
        BinaryPrimitives.WriteInt16LittleEndian(disk.AsSpan(metadata + 10), (short)(count + 1));
        Span<byte> entry = disk.AsSpan(metadata + 32 + (count * 32), 32);
        ParentLocator.ToByteArray().CopyTo(entry);
        BinaryPrimitives.WriteInt32LittleEndian(entry[16..], ItemOffset);
        BinaryPrimitives.WriteInt32LittleEndian(entry[20..], (int)locator.Length);
        BinaryPrimitives.WriteInt32LittleEndian(entry[24..], 4);
        locator.ToArray().CopyTo(disk.AsSpan(metadata + ItemOffset));
        disk[Item(disk, FileParameters) + 4] |= 2;
    }
}
