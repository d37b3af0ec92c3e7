using System.Security.Cryptography;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;
using Xunit;

namespace Imaged.UnitTests.Optical;

/// <summary>Sectors against vectors that two other decoders agree on (ramp and zero data).</summary>
public sealed class RawSectorTests
{
    [Fact]
    public void Edc_has_the_check_value_of_its_polynomial() => Assert.Equal(0x6EC2EDC4u, Edc.Compute("123456789"u8));

    [Fact]
    public void Mode_1_of_a_ramp()
    {
        byte[] sector = Build(TrackMode.Mode1, 16, Ramp(2048));
        Assert.Equal("5E935192", Convert.ToHexString(sector[2064..2068]));
        Assert.Equal("421328942172D586", Convert.ToHexString(sector[2076..2084]));
        Assert.Equal("46E94486F12AE20B", Convert.ToHexString(sector[2248..2256]));
        Assert.Equal("AADCCAADA56BB68493EB1319A30E4605F79F5E9F", Convert.ToHexString(SHA1.HashData(sector)));
    }

    [Fact]
    public void Mode_1_of_zeros() => Assert.Equal(
        "D9EE3C3CE5F425E5ADB786706F65F363FD785695",
        Convert.ToHexString(SHA1.HashData(Build(TrackMode.Mode1, 0, new byte[2048]))));

    [Fact]
    public void Form_1_of_a_ramp() => Assert.Equal(
        "66B7CA6D3E1CC31CD80FB374F639ABE1BB098C4B",
        Convert.ToHexString(SHA1.HashData(Build(TrackMode.Mode2, 0, Ramp(2048)))));

    [Fact]
    public void Scrambling_begins_as_annex_B_says_and_undoes_itself()
    {
        byte[] sector = new byte[2352];
        Scrambler.Apply(sector);
        Assert.Equal("018000600028001E80086006A802FE81", Convert.ToHexString(sector[12..28]));
        Scrambler.Apply(sector);
        Assert.Equal(new byte[2352], sector);
    }

    [Theory]
    [InlineData(TrackMode.Mode1, 16)]
    [InlineData(TrackMode.Mode2, 24)]
    public void Wrong_bytes_are_found_and_corrected(TrackMode mode, int data)
    {
        Random random = new(3);
        for (int errors = 0; errors < 20; errors++)
        {
            byte[] good = Build(mode, 4711, Ramp(2048));
            byte[] bad = [.. good];
            for (int i = 0; i < errors; i++)
            {
                bad[data + random.Next(2048)] ^= (byte)(1 + random.Next(255));
            }

            SectorState state = RawSector.Check(bad);
            Assert.Equal(good.AsSpan().SequenceEqual(bad) && errors == 0
                ? SectorState.Good
                : SectorState.Correctable, state);
            Assert.Equal(good, bad);
        }
    }

    [Fact]
    public void A_sector_that_is_beyond_correction_is_bad()
    {
        byte[] sector = Build(TrackMode.Mode1, 0, Ramp(2048));
        new Random(5).NextBytes(sector.AsSpan(16, 1500));
        Assert.Equal(SectorState.Bad, RawSector.Check(sector));
    }

    private static byte[] Ramp(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)i)];

    private static byte[] Build(TrackMode mode, long lba, byte[] data)
    {
        byte[] sector = new byte[2352];
        RawSector.Build(mode, SectorLayout.Data2048, lba, data, sector);
        return sector;
    }
}
