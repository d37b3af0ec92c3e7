using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Conformance.HfsPlus;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.UsedBlockMaps;

/// <summary>Maps of HFS+: volumes that macOS made, against partclone, and ones that are made after the
/// specification.</summary>
public sealed class HfsPlusUsedTests
{
    private const int Header = 1024;

    [Theory]
    [InlineData("dmg/tika-raw-hfs.dmg.xz")]
    [InlineData("dmg/sparkle-SparkleTestCodeSignApp.dmg")]
    [InlineData("dmg/brew-container.dmg")]
    [InlineData("dmg/shockpkg-test-archive-hfsp.dmg")]
    [InlineData("dmg/subclipse.dmg")]
    [InlineData("dmg/qemu-simple.dmg.bz2")]
    [InlineData("dmg/dfvfs-hfsplus_zlib.dmg")]
    public void Partclone_saves_the_same_and_files_come_back(string name)
    {
        Requires.Tool("partclone.hfsplus", "7z");
        using TemporaryFolder folder = new();
        using ImageSample sample = ImageSample.Open(name);
        using BlockSource volume = AppleFiles.VolumeOf(sample.Disk, "hfsplus");
        File.WriteAllBytes(folder["image"], volume.ReadBytes(0, (int)volume.Length));
        UsedBlocks used = UsedVolume.ReadPart(folder["image"], "hfsplus");
        UsedVolume.AssertCoversPartclone(folder, "hfsplus", used, 65536);

        byte[] restored = File.ReadAllBytes(UsedVolume.Restore(folder, used));
        using MemorySource back = new(restored);
        using FileTree tree = FileSystems.Open(back, "hfsplus", new FileTreeOptions(new BlockCache(4 << 20)));
        AppleFiles.CompareWith7z("hfs", volume, tree, tree.Volume.Label ?? string.Empty);
    }

    [Fact]
    public void Free_blocks_are_left_out_and_those_around_an_embedded_volume_are_not()
    {
        byte[] bytes = Make(out int free);
        using (MemorySource volume = new(bytes))
        {
            UsedBlocks used = Formats.UsedBlockMaps.Read(volume);
            Assert.Null(used.WholeBecause);
            long offset = (long)free * HfsPlusBuilder.BlockSize;
            Assert.Equal(
                UsedVolume.Without(bytes.Length, [new(offset, HfsPlusBuilder.BlockSize)]), used.Blocks.Ranges());
        }

        // An HFS volume of blocks of 4 KiB from sector 16 on, in which the other one begins with its third block.
        byte[] outer = new byte[8192 + (4096 * 2) + bytes.Length + 4096];
        Array.Fill(outer, (byte)0x55);
        Span<byte> mdb = outer.AsSpan(Header, 512);
        mdb.Clear();
        "BD"u8.CopyTo(mdb);
        BinaryPrimitives.WriteUInt32BigEndian(mdb[20..], 4096);
        BinaryPrimitives.WriteUInt16BigEndian(mdb[28..], 16);
        "H+"u8.CopyTo(mdb[124..]);
        BinaryPrimitives.WriteUInt16BigEndian(mdb[126..], 2);
        bytes.CopyTo(outer, 16384);
        using MemorySource wrapped = new(outer);
        Assert.Equal(
            UsedVolume.Without(
                outer.Length, [new(16384 + (free * (long)HfsPlusBuilder.BlockSize), HfsPlusBuilder.BlockSize)]),
            Formats.UsedBlockMaps.Read(wrapped).Blocks.Ranges());
    }

    [Fact]
    public void One_in_doubt_is_saved_as_a_whole()
    {
        byte[] bytes = Make(out _);
        AssertWhole(bytes, header => header[6] = 0, "not unmounted cleanly");
        AssertWhole(bytes, header => header[6] |= 0x08, "inconsistent");
        AssertWhole(bytes, header => header[51] ^= 1, "but its header says");
        AssertWhole(bytes, header => header[44] = 1, "shorter than the file system");

        // A journal in the last block but two: its info block, and its header at another byte of the same block.
        byte[] journaled = [.. bytes];
        int block = (bytes.Length / HfsPlusBuilder.BlockSize) - 2;
        Span<byte> info = journaled.AsSpan(block * HfsPlusBuilder.BlockSize, HfsPlusBuilder.BlockSize);
        info.Clear();
        info[3] = 1;
        BinaryPrimitives.WriteInt64BigEndian(info[36..], (block * HfsPlusBuilder.BlockSize) + 512);
        "xLNJxV4\x12"u8.CopyTo(info[512..]);
        BinaryPrimitives.WriteInt64LittleEndian(info[520..], 4096);
        BinaryPrimitives.WriteInt64LittleEndian(info[528..], 4096);
        journaled[Header + 6] |= 0x20;
        BinaryPrimitives.WriteInt32BigEndian(journaled.AsSpan(Header + 12), block);
        using (MemorySource volume = new(journaled))
        {
            Assert.Null(Formats.UsedBlockMaps.Read(volume).WholeBecause);
        }

        info[528] = 1;
        AssertWhole(journaled, _ => { }, "journal was not replayed");
    }

    [Fact]
    public void Damage_ends_in_a_map()
    {
        using MemorySource volume = new(Make(out _));
        HostileInput.Try(volume, UsedVolume.Touch);
    }

    private delegate void HeaderChange(Span<byte> header);

    private static void AssertWhole(byte[] bytes, HeaderChange change, string because)
    {
        byte[] changed = [.. bytes];
        change(changed.AsSpan(Header, 512));
        using MemorySource volume = new(changed);
        UsedBlocks used = Formats.UsedBlockMaps.Read(volume);
        Assert.Contains(because, used.WholeBecause, StringComparison.Ordinal);
        Assert.Equal(changed.Length, used.Blocks.Count);
    }

    // A volume of which one block that holds nothing is marked as free.
    private static byte[] Make(out int free)
    {
        HfsPlusBuilder builder = new();
        uint root = builder.AddFolder(1, "Volume");
        builder.AddFile(root, "file", new byte[100_000]);
        builder.AddFile(root, "other", new byte[50_000], new HfsPlusFile { IsScattered = true });
        byte[] bytes = builder.Build();
        int total = bytes.Length / HfsPlusBuilder.BlockSize;
        free = Enumerable.Range(0, total).Last(i =>
            !bytes.AsSpan(i * HfsPlusBuilder.BlockSize, HfsPlusBuilder.BlockSize).ContainsAnyExcept((byte)0xee));
        bytes[HfsPlusBuilder.BlockSize + (free / 8)] &= (byte)~(0x80 >> (free % 8));
        bytes[Header + 51] = 1;
        return bytes;
    }
}
