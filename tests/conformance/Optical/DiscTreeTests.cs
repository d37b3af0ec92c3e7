using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;
using Imaged.Formats.Optical.Tree;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Optical;

/// <summary>A disc with everything: data in two sessions, sound in both byte orders, subchannels, gaps.</summary>
public sealed class DiscTreeContract : FileTreeContract
{
    private const int Data = 40;
    private const int Sound = 90;
    private const int Later = 30;
    private const int WithSub = 2448;

    protected override BlockSource OpenVolume() => new MemorySource(Everything());

    protected override FileTree OpenTree(BlockSource volume) => new DiscTree(Make(volume));

    [Fact]
    public void Every_sector_of_the_stream_is_that_of_its_track()
    {
        using BlockSource volume = OpenVolume();
        byte[] stored = Everything();
        using DiscTree tree = new(Make(volume));
        byte[] stream = TreeWalk.ReadFile(tree, "disc.bin");
        Assert.Equal((Data + 20 + Sound + 10 + Later) * 2352, stream.Length);
        int sound = Data * WithSub;

        // Data with its subchannel behind each sector, then silence, then samples with the high byte first.
        Assert.Equal(stored[WithSub..(WithSub + 2352)], stream[2352..(2 * 2352)]);
        Assert.False(stream.AsSpan(Data * 2352, 20 * 2352).ContainsAnyExcept((byte)0));
        for (int i = 0; i < Sound * 2352; i++)
        {
            Assert.Equal(stored[sound + (i ^ 1)], stream[((Data + 20) * 2352) + i]);
        }

        // What only has its data stored is whole, and right, in the stream.
        int later = (Data + 20 + Sound + 10) * 2352;
        for (int i = 0; i < Later; i++)
        {
            byte[] sector = stream[(later + (i * 2352))..(later + ((i + 1) * 2352))];
            Assert.Equal(20000 + 10 + i, RawDetector.AddressOf(sector, isScrambled: false));
            Assert.Equal(SectorState.Good, RawSector.Check(sector));
            Assert.Equal(stored.AsSpan(sound + (Sound * 2352) + (i * 2048), 2048), sector.AsSpan(24, 2048));
        }

        byte[] wave = TreeWalk.ReadFile(tree, "session1/track02.wav");
        Assert.Equal(wave[44..], stream[((Data + 20) * 2352)..((Data + 20 + Sound) * 2352)]);
        byte[] subchannel = TreeWalk.ReadFile(tree, "disc.sub");
        Assert.Equal(stream.Length / 2352 * 96, subchannel.Length);
        Assert.Equal(stored[(WithSub + 2352)..(WithSub * 2)], subchannel[96..192]);
    }

    private static byte[] Everything()
    {
        byte[] data = new byte[Data * 2048];
        new Random(8).NextBytes(data);
        byte[] raw = RawDisc.Sectors(data);
        byte[] all = new byte[(Data * WithSub) + (Sound * 2352) + (Later * 2048)];
        new Random(9).NextBytes(all);
        for (int i = 0; i < Data; i++)
        {
            raw.AsSpan(i * 2352, 2352).CopyTo(all.AsSpan(i * WithSub));
        }

        return all;
    }

    private static Disc Make(BlockSource volume)
    {
        DiscBuilder builder = new("test", DiscMedium.Cd);
        builder.Add(
            new DiscTrack(1, 1, TrackMode.Mode1) { Control = 4 },
            [SectorRun.Stored(0, Data, volume, 0, SectorLayout.Raw2352, SubchannelLayout.Linear)],
            0);
        SectorRun sound = SectorRun.Stored(Data + 20, Sound, volume, Data * WithSub, SectorLayout.Raw2352);
        builder.Add(
            new DiscTrack(2, 1, TrackMode.Audio) { StartLba = Data + 20 },
            [SectorRun.Empty(Data, 20), sound with { IsBigEndian = true }],
            0);
        SectorRun later = SectorRun.Stored(
            20010, Later, volume, (Data * WithSub) + (Sound * 2352), SectorLayout.Data2048);
        builder.Add(
            new DiscTrack(3, 2, TrackMode.Mode2) { StartLba = 20010, Control = 4 },
            [SectorRun.Empty(20000, 10), later],
            0);
        return builder.Build();
    }
}
