using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Mds;

/// <summary>What the samples of version 2 do not have, written by a program of the tests' own.</summary>
public sealed class MdxHandMadeTests
{
    private const string Mdx = "disc.mdx";

    [Theory]
    [InlineData(0, null)]
    [InlineData(16, null)]
    [InlineData(7, null)]
    [InlineData(0, "secret")]
    [InlineData(16, "secret")]
    [InlineData(5, "a password of more than sixty-four bytes, which is hashed before it is used")]
    public void The_volume_of_a_dvd_is_the_one_that_went_in(int group, string? password)
    {
        Requires.Tool("openssl");
        byte[] iso = Mixed();
        MdxImage image = new()
        {
            GroupSectors = group, Password = password, IsDvd = true,
            Tracks = [new(1, 0x02, 2048, 0, [], iso)],
        };
        byte[]? secret = password is null ? null : System.Text.Encoding.ASCII.GetBytes(password);
        using HandMade made = HandMade.Of(null, secret, (Mdx, image.ToMdx()));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal(DiscMedium.Dvd, made.Disc.Medium);
        Assert.Equal(iso, made.Content());
        SourceContract.ExtentsTile(made.Image.Content);
        Assert.Equal(iso[5001..9999], made.Image.Content.ReadBytes(5001, 4998));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(16, null)]
    [InlineData(16, "secret")]
    public void A_cd_has_stored_pregaps_indexes_words_and_subchannels(int group, string? password)
    {
        Requires.Tool("openssl");
        byte[] iso = Mixed();
        int end = iso.Length / 2048;
        byte[] sound = DiscData.Sound(300, 1);
        byte[] linear = DiscData.Noise(300 * 96, 2);
        MdxImage image = new()
        {
            GroupSectors = group,
            Password = password,
            Text = TextOfLibcdio(),
            Tracks =
            [
                new(1, 0xaa, 2352, 0, [150, end], DiscData.Raw(iso, 0)),

                // Begins where track 1 ends: its pregap is stored.
                new(2, 0xa9, 2448, end, [100, 50, 150], DiscData.Join(sound, 2352, DiscData.Interleave(linear)))
                {
                    Control = 2, Subchannel = 1,
                },
                new(3, 0xec, 2352, end + 300 + 150, [150, end], DiscData.Raw(iso, end + 450, 2)),
                new(4, 0xab, 2368, (2 * end) + 450, [0, end],
                    DiscData.Join(
                        DiscData.Raw(iso, (2 * end) + 450, 2),
                        2352,
                        DiscData.Noise(end * 16, 3),
                        16)) { Subchannel = 2 },
            ],
        };
        byte[]? secret = password is null ? null : System.Text.Encoding.ASCII.GetBytes(password);
        (byte[] mds, byte[] mdf) = image.ToMds();
        using HandMade made = HandMade.Of(null, secret, ("disc.mds", mds), ("disc.MDF", mdf));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal([0, end + 100, end + 450, (2 * end) + 450L], made.Disc.Tracks.Select(track => track.StartLba));
        Assert.Equal([0, end, end + 300, (2 * end) + 450L], made.Disc.Tracks.Select(track => track.PregapLba));
        Assert.Equal([end + 150L], made.Disc.Tracks[1].FurtherIndexes);
        Assert.Equal("Richard Stallman", made.Disc.Text.Performer);
        Assert.All((int[])[1, 3, 4], track => Assert.Equal(iso, made.Data(track)));
        Assert.Equal(sound[(100 * 2352)..], made.Sectors(2));
        using SubchannelStream subchannels = new(made.Disc);
        Assert.Equal(linear, subchannels.ReadBytes(end * 96L, linear.Length));
    }

    [Fact]
    public void Damage_ends_in_success_or_a_named_error()
    {
        Requires.Tool("openssl");
        MdxImage.Track track = new(1, 0x02, 2048, 0, [], new byte[40 * 2048]);
        MdxImage image = new() { GroupSectors = 4, IsDvd = true, Tracks = [track] };
        byte[] mdx = image.ToMdx();
        HandMade.Damage("mds", (Mdx, mdx));
    }

    // Groups that compress, groups that do not, and groups of one byte.
    private static byte[] Mixed()
    {
        byte[] iso = DiscData.Iso();
        byte[] text = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i % 61))];
        byte[] filled = new byte[300_000];
        filled.AsSpan(0, 150_000).Fill(0xe5);
        byte[] all = [.. iso, .. text, .. filled];
        Array.Resize(ref all, all.Length / 2048 * 2048);
        return all;
    }

    private static byte[] TextOfLibcdio()
    {
        using SampleFiles files = new("nrg/libcdio-p1.nrg.xz");
        byte[] tail = files.First.ReadBytes(files.First.Length - 1024, 1024);
        int at = tail.AsSpan().IndexOf("CDTX"u8) + 8;
        return tail[at..(at + 144)];
    }
}
