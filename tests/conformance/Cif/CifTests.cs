using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.Conformance.Cif;

/// <summary>Images written chunk by chunk: no sample and no other program is known.</summary>
public sealed class CifTests
{
    private const string Name = "disc.cif";

    [Theory]
    [InlineData(1, 2048)]
    [InlineData(2, 2056)]
    [InlineData(4, 2332)]
    public void The_volume_of_a_track_is_the_one_that_went_in(int type, int size)
    {
        byte[] iso = Long(DiscData.Iso());
        byte[] data = type == 1 ? iso : DiscData.Cut(DiscData.Raw(iso, 0, 2), 16, size);
        using HandMade made = HandMade.Of(null, (Name, Image([[new(type, size, data)]])));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
        Assert.Equal(type == 1 ? TrackMode.Mode1 : TrackMode.Mode2, made.Disc.Tracks[0].Mode);
    }

    [Fact]
    public void Sound_and_sessions_have_their_places()
    {
        byte[] iso = Long(DiscData.Iso());
        int end = iso.Length / 2048;
        byte[][] sounds = [DiscData.Sound(301, 1), DiscData.Sound(310, 2)];
        using HandMade made = HandMade.Of(null, (Name, Image(
        [
            [new(1, 2048, iso), new(0, 2352, sounds[0]), new(0, 2352, sounds[1])],
            [new(1, 2048, iso)],
        ])));
        int second = end + 150 + 301 + 310;
        Assert.Equal([0, end + 150, end + 451, second + 11400L], made.Disc.Tracks.Select(track => track.StartLba));
        Assert.Equal([1, 1, 1, 2], made.Disc.Tracks.Select(track => track.Session));
        Assert.Equal(sounds[0], made.Sectors(2));
        Assert.Equal(sounds[1], made.Sectors(3));
        Assert.Equal("USABC2600001", made.Disc.Tracks[1].Isrc);
        Assert.Equal(iso, made.Data(1));
        Assert.Equal(iso, made.Data(4));
    }

    [Fact]
    public void A_track_below_four_seconds_is_padded()
    {
        using HandMade made = HandMade.Of(null, (Name, Image([[new(1, 2048, DiscData.Noise(100 * 2048, 1))]])));
        Assert.Equal(300, made.Disc.Tracks[0].Length);
        Assert.Equal([.. DiscData.Noise(100 * 2048, 1), .. new byte[200 * 2048]], made.Data(1));
        Assert.Single(made.Image.Warnings);
    }

    [Fact]
    public void What_is_wrong_is_refused()
    {
        byte[] good = Image([[new(1, 2048, new byte[400 * 2048])]]);
        Assert.Throws<ImageFormatException>(() => HandMade.Try("cif", (Name, good[..^20])));
        Assert.Throws<ImageFormatException>(() => HandMade.Try("cif", (Name, good[..(300 * 2048)])));
        Assert.Throws<ImageFormatException>(
            () => HandMade.Try("cif", (Name, Image([[new(1, 2048, new byte[400 * 2048]) { Missing = 1 }]]))));
        Assert.Throws<ImageFormatException>(() => HandMade.Try("cif", (Name, Image([]))));
        Assert.Throws<UnsupportedFeatureException>(
            () => HandMade.Try("cif", (Name, Image([[new(3, 2048, new byte[2048])]]))));
    }

    [Fact]
    public void Damage_ends_in_success_or_a_named_error() => HandMade.Damage("cif", (Name, Image(
    [
        [new(1, 2048, new byte[20 * 2048]), new(0, 2352, new byte[20 * 2352])],
        [new(2, 2056, new byte[20 * 2056])],
    ])));

    // No track is below four seconds.
    private static byte[] Long(byte[] iso)
    {
        Array.Resize(ref iso, Math.Max(iso.Length, 310 * 2048));
        return iso;
    }

    private static byte[] Image(Track[][] sessions)
    {
        ByteWriter writer = new();
        writer.Text("RIFF").U32(4).Text("imag");
        ByteWriter places = new();
        ByteWriter disc = new();
        Track[] all = [.. sessions.SelectMany(session => session)];
        places.Zeros(8).U16(all.Length);
        disc.Zeros(8).U16(16).U16(sessions.Length).U16(all.Length).U16(0).U16(16).U16(0).U16(2).U16(0);
        foreach (Track[] session in sessions)
        {
            disc.U16(18).U16(session.Length).Zeros(6).U16(1).Zeros(6);
            foreach (Track track in session)
            {
                string type = track.Type == 0 ? "adio" : "info";
                places.Text("RIFF").U32(track.Data.Length + 4).Text(type).U32(writer.Length + 8).Zeros(6);
                writer.Text("RIFF").U32(track.Data.Length + 4).Text(type).Bytes(track.Data).Zeros(
                    track.Data.Length & 1);
                int length = track.Type == 0 ? 24 + 205 + 12 : 24;
                ByteWriter entry = new();
                entry.U16(length).U16(0).U32((track.Data.Length / track.Size) + track.Missing).U16(0).U16(track.Type)
                    .Zeros(6).U16(4).U16(0).U16(track.Size);
                disc.Bytes((track.Type == 0 ? entry.Zeros(205).Text("USABC2600001") : entry).ToArray());
            }
        }

        writer.Text("RIFF").U32(disc.Length + 4).Text("disc").Bytes(disc.ToArray()).Zeros(disc.Length & 1);
        return writer.Text("RIFF").U32(places.Length + 4).Text("ofs ").Bytes(places.ToArray()).Zeros(
            places.Length & 1).ToArray();
    }

    private sealed record Track(int Type, int Size, byte[] Data)
    {
        public int Missing { get; init; }
    }
}
