using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Fat;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Fat;

/// <summary>Long names that no tool writes, in a floppy of 160 KiB put together by hand.</summary>
public sealed class FatNameTests
{
    private const int RootOffset = 3 * 512;

    [Fact]
    public void A_long_name_with_surrogates_is_utf8() =>
        Assert.Equal(["emoji 😀 𝄞.txt"], Names(Long("emoji 😀 𝄞.txt", "EMOJI~1 TXT")));

    [Fact]
    public void A_lone_surrogate_is_shown_as_a_replacement_and_found()
    {
        using MemorySource volume = new(Floppy(Long("lone \ud83d half", "LONE~1     ")));
        using FileTree tree = Open(volume);
        DirectoryEntry entry = Assert.Single(tree.ReadDirectory(tree.Root.Id, 0));
        Assert.Equal("lone \ufffd half", Encoding.UTF8.GetString(entry.Name.Span));
        Assert.True(tree.TryLookup(tree.Root.Id, entry.Name.Span, out NodeInfo node));
        Assert.Equal(entry.Node, node);
    }

    [Fact]
    public void A_long_name_with_another_checksum_does_not_count()
    {
        byte[] entries = Long("not mine.txt", "MINE    TXT");
        entries[13] ^= 1;
        Assert.Equal(["MINE.TXT"], Names(entries));
    }

    [Fact]
    public void An_orphan_before_another_file_does_not_count() =>
        Assert.Equal(
            ["OTHER.TXT"], Names([.. Long("orphan of two entries", "ORPHAN~1   ")[..64], .. Short("OTHER   TXT")]));

    [Fact]
    public void A_deleted_entry_in_between_ends_a_long_name()
    {
        byte[] entries = Long("a long name of two entries", "ALONGN~1   ");
        byte[] deleted = Short("DELETED    ");
        deleted[0] = 0xe5;
        Assert.Equal(["ALONGN~1"], Names([.. entries[..64], .. deleted, .. entries[64..]]));
    }

    [Fact]
    public void A_part_of_a_long_name_that_is_missing_ends_it()
    {
        byte[] entries = Long("a long name of two entries", "ALONGN~1   ");
        Assert.Equal(["ALONGN~1"], Names(entries[32..]));
        Assert.Equal(["ALONGN~1"], Names([.. entries[..32], .. entries[64..]]));
    }

    [Theory]
    [InlineData("with/slash")]
    [InlineData("..")]
    [InlineData(".")]
    public void A_long_name_that_is_none_here_gives_way_to_the_short_one(string name) =>
        Assert.Equal(["SHORT~1.TXT"], Names(Long(name, "SHORT~1 TXT")));

    [Fact]
    public void A_long_name_of_more_than_255_bytes_gives_way_to_the_short_one()
    {
        Assert.Equal(["LONG~1"], Names(Long(new string('日', 86), "LONG~1     ")));
        Assert.Equal([new string('日', 85)], Names(Long(new string('日', 85), "LONG~1     ")));
        Assert.Equal([new string('n', 255)], Names(Long(new string('n', 255), "LONG~1     ")));
    }

    [Fact]
    public void Nothing_behind_the_end_mark_is_listed() =>
        Assert.Equal(["A"], Names([.. Short("A          "), .. new byte[32], .. Short("B          ")]));

    [Fact]
    public void Times_count_hundredths_and_every_second_second()
    {
        byte[] entry = Short("A          ");
        (entry[13], entry[14], entry[15]) = (0xc7, 0x7d, 0xbf); // 199 hundredths, 23:59:58
        (entry[16], entry[17]) = (0x9f, 0x39);                  // 2008-12-31
        (entry[18], entry[19]) = (0x21, 0x00);                  // 1980-01-01
        // 1:01:00 on the 31st of month 15, 2107
        (entry[22], entry[23], entry[24], entry[25]) = (0x20, 0x08, 0xff, 0xff);
        using MemorySource volume = new(Floppy(entry));
        using FileTree tree = Open(volume);
        NodeInfo node = Assert.Single(tree.ReadDirectory(tree.Root.Id, 0)).Node;
        DateTimeOffset created = new(2008, 12, 31, 23, 59, 59, 990, TimeSpan.Zero);
        Assert.Equal(Timestamp.From(created), node.Created);
        Assert.Equal(Timestamp.From(new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero)), node.Accessed);
        Assert.Equal(Timestamp.From(new DateTimeOffset(2107, 12, 31, 1, 1, 0, TimeSpan.Zero)), node.Modified);
    }

    private static string[] Names(byte[] entries)
    {
        using MemorySource volume = new(Floppy(entries));
        using FileTree tree = Open(volume);
        return [.. TreeWalk.AllPaths(tree).Select(item => item.Path)];
    }

    private static FileTree Open(BlockSource volume) =>
        FatFileSystem.Open(volume, new FileTreeOptions(new BlockCache(1 << 20)));

    private static byte[] Floppy(byte[] entries)
    {
        byte[] floppy = new byte[163840];
        byte[] fat = [0xfe, 0xff, 0xff];
        fat.CopyTo(floppy, 512);
        fat.CopyTo(floppy, 1024);
        entries.CopyTo(floppy, RootOffset);
        return floppy;
    }

    private static byte[] Short(string name)
    {
        byte[] entry = new byte[32];
        Encoding.ASCII.GetBytes(name, entry);
        entry[11] = 0x20;
        return entry;
    }

    private static byte[] Long(string name, string alias)
    {
        byte[] shortEntry = Short(alias);
        byte sum = 0;
        foreach (byte value in shortEntry[..11])
        {
            sum = (byte)(((sum & 1) << 7) + (sum >> 1) + value);
        }

        int[] places = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
        List<byte> entries = [];
        int count = (name.Length + 12) / 13;
        for (int number = count; number >= 1; number--)
        {
            byte[] entry = new byte[32];
            entry[0] = (byte)(number | (number == count ? 0x40 : 0));
            entry[11] = 0x0f;
            entry[13] = sum;
            for (int i = 0; i < 13; i++)
            {
                int at = ((number - 1) * 13) + i;
                char c = at < name.Length ? name[at] : at == name.Length ? '\0' : '\uffff';
                (entry[places[i]], entry[places[i] + 1]) = ((byte)c, (byte)(c >> 8));
            }

            entries.AddRange(entry);
        }

        return [.. entries, .. shortEntry];
    }
}
