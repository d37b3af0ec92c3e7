using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Lvm;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.UsedBlockMaps;

/// <summary>Maps of LVM physical volumes: one that LVM made (<c>tests/samples/make.sh</c>), and what it may have
/// become.</summary>
public sealed class LvmUsedTests
{
    private const string Id = "LVM2_member";
    private const string Sample = "lvm.img.xz";
    private const int Extent = 65536;
    private const int FirstExtent = 1 << 20;
    private const int Area = 4096;

    [Fact]
    public void Extents_are_those_that_pvs_lists()
    {
        // pvs --segments: 7 5 striped, 12 6 last, 20 4 end; "pe_count = 48".
        byte[] image = TreeSamples.Read(Sample);
        using MemorySource volume = new(image);
        UsedBlocks used = Formats.UsedBlockMaps.Read(volume);
        Assert.Null(used.WholeBecause);
        Assert.Equal(Id, used.FileSystem);
        Assert.Equal(
            [
                new(0, FirstExtent),
                new(FirstExtent + (7 * Extent), 11 * Extent),
                new(FirstExtent + (20 * Extent), 4 * Extent),
                new(FirstExtent + (48 * Extent), image.Length - FirstExtent - (48 * Extent)),
            ],
            used.Blocks.Ranges());
    }

    [Theory]
    [InlineData("type = \"striped\"\nstripe_count = 1\n", "type = \"mirrored\"\nmirror_count = 1\n", null)]
    [InlineData("stripes = [", "mirrors = [", null)]
    [InlineData("\"pv0\", 20", "\"pv0\", 45", "of 48")]
    [InlineData("\"pv0\", 20", "\"pv0\"", "in 1 stripes")]
    [InlineData("stripe_count = 2", "stripe_count = 3", "in 3 stripes")]
    [InlineData("pe_count = 48", "pe_count = 49", "49 extents")]
    [InlineData("pe_start = 2048", "pe_start = -1", "'pe_start'")]
    [InlineData("extent_count = 4", "extent_count = -4", "'extent_count'")]
    [InlineData("physical_volumes", "others", "'physical_volumes'")]
    [InlineData("end {", "end [", "is missing")]
    public void What_the_metadata_says_is_believed_only_if_it_makes_sense(string text, string other, string? because)
    {
        byte[] image = TreeSamples.Read(Sample);
        string metadata = Text(image);
        Assert.Contains(text, metadata, StringComparison.Ordinal);
        using MemorySource volume = new(WithText(image, metadata.Replace(text, other, StringComparison.Ordinal)));
        UsedBlocks used = Formats.UsedBlockMaps.Read(volume);
        Assert.Equal(Id, used.FileSystem);
        if (because is null)
        {
            // The extents stay where they are, whatever kind of segment has them.
            Assert.Null(used.WholeBecause);
            Assert.True(used.Blocks.Contains(FirstExtent + (7 * Extent), 11 * Extent));
            Assert.True(used.Blocks.Contains(FirstExtent + (20 * Extent), 4 * Extent));
        }
        else
        {
            Assert.Contains(because, used.WholeBecause, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Damage_ends_in_a_map()
    {
        byte[] image = TreeSamples.Read(Sample);
        using (MemorySource volume = new(image))
        {
            HostileInput.Try(volume, UsedVolume.Touch);
        }

        // Behind right checksums, the parser has to stand it, too.
        string metadata = Text(image);
        Random random = new(6);
        for (int i = 0; i < 2000; i++)
        {
            StringBuilder text = new(metadata);
            for (int change = 0; change <= i % 3; change++)
            {
                int at = random.Next(text.Length);
                _ = random.Next(3) switch
                {
                    0 => text.Remove(at, 1),
                    1 => text.Insert(at, "{}[]\"=,#-9\0"[random.Next(11)]),
                    _ => text.Remove(at, Math.Min(random.Next(200), text.Length - at)),
                };
            }

            using MemorySource changed = new(WithText(image, text.ToString()));
            UsedVolume.Touch(changed);
        }

        string deep = string.Concat(Enumerable.Repeat("a {", 100_000));
        using MemorySource nested = new(WithText(image, deep));
        UsedVolume.Touch(nested);
    }

    [Fact]
    public void A_change_that_was_not_committed_makes_it_a_whole_one()
    {
        byte[] image = TreeSamples.Read(Sample);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(Area + 64 + 8), 100);
        WriteChecksum(image);
        using MemorySource volume = new(image);
        Assert.Contains(
            "not committed", Formats.UsedBlockMaps.Read(volume).WholeBecause, StringComparison.Ordinal);
    }

    private static string Text(byte[] image)
    {
        int offset = (int)BinaryPrimitives.ReadUInt64LittleEndian(image.AsSpan(Area + 40));
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(image.AsSpan(Area + 48));
        return Encoding.ASCII.GetString(image, Area + offset, length);
    }

    // Puts the text at the end of the area, so that it goes round to its beginning.
    private static byte[] WithText(byte[] image, string text)
    {
        byte[] changed = [.. image];
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        int area = (int)BinaryPrimitives.ReadUInt64LittleEndian(image.AsSpan(Area + 32));
        int before = Math.Min(bytes.Length, 1000);
        bytes.AsSpan(0, before).CopyTo(changed.AsSpan(Area + area - 1000));
        bytes.AsSpan(before).CopyTo(changed.AsSpan(Area + 512));
        int offset = before < 1000 ? area - 1000 : area - before;
        BinaryPrimitives.WriteUInt64LittleEndian(changed.AsSpan(Area + 40), (ulong)offset);
        BinaryPrimitives.WriteUInt64LittleEndian(changed.AsSpan(Area + 48), (ulong)bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(Area + 56), LvmLabel.Checksum(bytes));
        WriteChecksum(changed);
        return changed;
    }

    private static void WriteChecksum(byte[] image) => BinaryPrimitives.WriteUInt32LittleEndian(
        image.AsSpan(Area), LvmLabel.Checksum(image.AsSpan(Area + 4, 508)));
}
