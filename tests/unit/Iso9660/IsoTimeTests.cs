using System.Globalization;
using CsCheck;
using Imaged.Formats.Iso9660;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.UnitTests.Iso9660;

public sealed class IsoTimeTests
{
    [Fact]
    public void Dates_are_those_of_the_base_library() =>
        Gen.Select(Gen.DateTime[new DateTime(1900, 1, 1), new DateTime(2155, 12, 31)], Gen.Int[-48, 52])
            .Sample((time, zone) =>
        {
            DateTime local =
                new(time.Year, time.Month, time.Day, time.Hour, time.Minute, time.Second, DateTimeKind.Utc);
            long seconds = new DateTimeOffset(local).ToUnixTimeSeconds() - (zone * 900L);
            byte[] brief =
            [
                (byte)(local.Year - 1900), (byte)local.Month, (byte)local.Day, (byte)local.Hour, (byte)local.Minute,
                (byte)local.Second, (byte)(sbyte)zone,
            ];
            Assert.Equal(new Timestamp(seconds, 0), IsoTime.FromShort(brief));
            byte[] digits =
            [
                .. local.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture).Select(c => (byte)c),
                (byte)'2', (byte)'5', (byte)(sbyte)zone,
            ];
            Assert.Equal(new Timestamp(seconds, 250_000_000), IsoTime.FromLong(digits));
        });

    [Fact]
    public void Dates_that_are_none_begin_the_epoch()
    {
        Assert.Equal(default, IsoTime.FromShort([0, 0, 0, 0, 0, 0, 0]));
        Assert.Equal(default, IsoTime.FromShort([100, 13, 1, 0, 0, 0, 0]));
        Assert.Equal(default, IsoTime.FromLong("0000000000000000\0"u8));
        Assert.Equal(default, IsoTime.FromLong("20xx010100000000\0"u8));
    }
}
