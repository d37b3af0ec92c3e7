using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Vhd;

/// <summary>Disks that qemu-img makes, and differencing ones made of them: qemu-img writes none.</summary>
public sealed class VhdToolTests
{
    [Theory]
    [InlineData("subformat=dynamic", 9)]
    [InlineData("subformat=dynamic,force_size=on", 9)]
    [InlineData("subformat=fixed", 9)]
    [InlineData("subformat=fixed,force_size=on", 9)]
    public void Converted_disks_are_read_as_qemu_img_reads_them(string options, int seed)
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], (12 << 20) + 4608, seed);
        Tool.Shell($"cd {folder.Path}; qemu-img convert -f raw -O vpc -o {options} raw disk.vhd");
        QemuImage.AssertSame(folder, "disk.vhd", "vhd", "vpc");
    }

    [Fact]
    public void A_fixed_disk_is_one_run_of_its_file()
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; qemu-img create -q -f vpc -o subformat=fixed,force_size=on disk.vhd 5M");
        using FolderFiles files = new(folder.Path, "disk.vhd");
        using DiskImage image = QemuImage.Open(files, "disk.vhd");
        Assert.Equal(new Extent(0, 5 << 20, ExtentKind.Data, new HostRange(0, 0)), image.Content.GetExtent(0));
        Assert.Empty(image.Warnings);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "the checksum of the footer is wrong")]
    public void A_lost_footer_is_replaced_by_the_copy_before_the_disk(int keep, string warning)
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; qemu-img create -q -f vpc disk.vhd 5M");
        byte[] bytes = File.ReadAllBytes(folder["disk.vhd"]);
        bytes.AsSpan(bytes.Length - 512).Clear();
        if (keep == 1)
        {
            // The copy has another creator than its checksum says.
            bytes[28] ^= 1;
        }

        File.WriteAllBytes(folder["disk.vhd"], bytes);
        using FolderFiles files = new(folder.Path, "disk.vhd");
        using DiskImage image = QemuImage.Open(files, "disk.vhd");
        Assert.Equal(warning, string.Join(", ", image.Warnings));
        Assert.Equal(ExtentKind.Unallocated, image.Content.GetExtent(0).Kind);
    }

    [Fact]
    public void Sectors_of_a_differencing_disk_are_its_own_where_the_bitmap_says_so()
    {
        using Pair pair = new();
        Random random = new(6);
        byte[] expected = pair.Parent.ToArray();
        pair.Change(child =>
        {
            // Every block that the child has gets a bitmap with runs of all lengths.
            for (int sector = 0; sector < expected.Length / 512;)
            {
                int run = Math.Min(random.Next(1, 700), (expected.Length / 512) - sector);
                bool isOwn = random.Next(2) == 0;
                for (int i = sector; i < sector + run; i++)
                {
                    if (child.SetBit(i, isOwn))
                    {
                        pair.Child.AsSpan(i * 512, 512).CopyTo(expected.AsSpan(i * 512));
                    }
                }

                sector += run;
            }
        });
        using FolderFiles files = new(pair.Folder.Path, "child.vhd");
        using DiskImage image = QemuImage.Open(files, "child.vhd");
        Assert.Equal(expected, image.Content.ReadBytes(0, expected.Length));
        Assert.Equal(["child.vhd", "Parent.vhd"], files.Opened.Select(file => file.Name));
        TestKit.Contracts.SourceContract.ExtentsTile(image.Content);
    }

    [Fact]
    public void Another_disk_of_the_parents_name_is_refused()
    {
        using Pair pair = new();
        pair.Change(child => child.Bytes[child.HeaderOffset + 40] ^= 1);
        using FolderFiles files = new(pair.Folder.Path, "child.vhd");
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => QemuImage.Open(files, "child.vhd"));
        Assert.Contains("has the id", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_parent_is_named()
    {
        using Pair pair = new();
        pair.Change(_ => { });
        File.Delete(pair.Folder["Parent.vhd"]);
        using FolderFiles files = new(pair.Folder.Path, "child.vhd");
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => QemuImage.Open(files, "child.vhd"));
        Assert.Contains("'parent.vhd' is not beside the image", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Two dynamic disks of qemu-img, of which the second one is made a differencing disk on the first
    /// one.</summary>
    private sealed class Pair : IDisposable
    {
        private const int Length = 5 << 20;

        public Pair()
        {
            Requires.Tool("qemu-img");
            QemuImage.MakeRaw(Folder["parent.raw"], Length, 1);
            QemuImage.MakeRaw(Folder["child.raw"], Length, 2);
            Parent = File.ReadAllBytes(Folder["parent.raw"]);
            Child = File.ReadAllBytes(Folder["child.raw"]);
            Tool.Shell($"""
                cd {Folder.Path}
                qemu-img convert -f raw -O vpc -o force_size=on parent.raw Parent.vhd
                qemu-img convert -f raw -O vpc -o force_size=on child.raw child.vhd
                """);
        }

        public TemporaryFolder Folder { get; } = new();

        public byte[] Parent { get; }

        public byte[] Child { get; }

        public void Change(Action<DifferencingVhd> change)
        {
            DifferencingVhd child =
                new(File.ReadAllBytes(Folder["child.vhd"]), File.ReadAllBytes(Folder["Parent.vhd"]));
            change(child);
            File.WriteAllBytes(Folder["child.vhd"], child.Finish());
        }

        public void Dispose() => Folder.Dispose();
    }

    private sealed class DifferencingVhd
    {
        public DifferencingVhd(byte[] bytes, byte[] parent)
        {
            Bytes = bytes;
            HeaderOffset = (int)BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(16));
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(60), 4);
            parent.AsSpan(68, 16).CopyTo(bytes.AsSpan(HeaderOffset + 40));
            System.Text.Encoding.BigEndianUnicode.GetBytes("parent.vhd").CopyTo(bytes.AsSpan(HeaderOffset + 64));
        }

        public byte[] Bytes { get; }

        public int HeaderOffset { get; }

        // False for a sector in a block that the disk does not have.
        public bool SetBit(int sector, bool isOwn)
        {
            int table = (int)BinaryPrimitives.ReadUInt64BigEndian(Bytes.AsSpan(HeaderOffset + 16));
            uint block = BinaryPrimitives.ReadUInt32BigEndian(Bytes.AsSpan(table + (sector / 4096 * 4)));
            if (block == uint.MaxValue)
            {
                return false;
            }

            ref byte bits = ref Bytes[(int)(block * 512) + (sector % 4096 / 8)];
            int mask = 0x80 >> (sector % 8);
            bits = (byte)(isOwn ? bits | mask : bits & ~mask);
            return isOwn;
        }

        public byte[] Finish()
        {
            Sum(Bytes.AsSpan(HeaderOffset, 1024), 36);
            Sum(Bytes.AsSpan(0, 512), 64);
            Bytes.AsSpan(0, 512).CopyTo(Bytes.AsSpan(Bytes.Length - 512));
            return Bytes;
        }

        private static void Sum(Span<byte> bytes, int field)
        {
            bytes.Slice(field, 4).Clear();
            uint sum = 0;
            foreach (byte value in bytes)
            {
                sum += value;
            }

            BinaryPrimitives.WriteUInt32BigEndian(bytes[field..], ~sum);
        }
    }
}
