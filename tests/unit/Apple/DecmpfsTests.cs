using Imaged.Blocks;
using Imaged.Formats.Apple;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Apple;

/// <summary>Compressed files, by hand after decmpfs.h of Apple's kernel sources.</summary>
public sealed class DecmpfsTests
{
    private const string LzvnSector =
        "680100f0fff097e4feffffee0004400b01c801ff1f00f01ce30055aa0600000000000000";

    [Fact]
    public void Content_in_the_attribute_is_decoded()
    {
        byte[] plain = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i / 50))];
        Assert.Equal(plain, Open(3, 5000, DecmpfsFiles.Zlib(plain)));
        Assert.Equal(plain, Open(3, 5000, [0xff, .. plain]));
        Assert.Equal(plain, Open(1, 5000, plain));
        Assert.Equal(plain, Open(7, 5000, [6, .. plain]));

        // A chunk of an image of hdiutil.
        byte[] sector = Open(7, 512, Convert.FromHexString(LzvnSector));
        Assert.Equal([0x55, 0xaa], sector[^2..]);
        Assert.Equal(sector, Open(11, 512, [
            .. "bvxn"u8, 0, 2, 0, 0, 36, 0, 0, 0, .. Convert.FromHexString(LzvnSector), .. "bvx$"u8,
        ]));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public void Pieces_in_the_resource_fork_are_decoded(uint kind)
    {
        byte[] plain = new byte[150_000];
        new Random(3).NextBytes(plain.AsSpan(0, 70_000));
        byte[][] pieces = [.. plain.Chunk(65536).Select(piece => kind == 4 ? DecmpfsFiles.Zlib(piece) : [6, .. piece])];
        pieces[0] = [kind == 4 ? (byte)0xff : (byte)6, .. plain[..65536]];
        byte[] fork = kind == 4 ? DecmpfsFiles.ZlibFork(pieces) : DecmpfsFiles.OffsetFork(pieces);
        Decmpfs compression = Decmpfs.Parse("hfsplus", DecmpfsFiles.Attribute(kind, plain.Length, []));
        Assert.True(compression.IsInFork);
        using DecmpfsSource content = new(
            compression, new MemorySource(fork), new BlockCache(1 << 20));
        Assert.Equal(plain, content.ReadBytes(0, plain.Length));
        Assert.Equal(plain[65000..66000], content.ReadBytes(65000, 1000));
    }

    [Fact]
    public void Damage_and_other_kinds_are_told()
    {
        Assert.Throws<ImageFormatException>(() => Decmpfs.Parse("hfsplus", "fpmc"u8));
        Assert.Throws<ImageFormatException>(() => Open(3, 5000, [1, 2, 3]));
        Assert.Throws<ImageFormatException>(() => Open(3, 5000, []));
        Assert.Throws<ImageFormatException>(() => Open(7, 5000, Convert.FromHexString(LzvnSector)));
        Assert.Throws<UnsupportedFeatureException>(() => Open(13, 5000, [1, 2, 3]));
    }

    private static byte[] Open(uint kind, int length, byte[] inline)
    {
        byte[] attribute = DecmpfsFiles.Attribute(kind, length, inline);
        using MemorySource content = Decmpfs.Parse("hfsplus", attribute).OpenInline();
        return content.ReadBytes(0, (int)content.Length);
    }
}
