using Imaged.Formats.Model;

namespace Imaged.Formats.Iso9660;

/// <summary>The two forms of dates. A date that is none becomes the beginning of 1970.</summary>
internal static class IsoTime
{
    /// <summary>Length of the numerical form with its time zone.</summary>
    public const int ShortLength = 7;

    /// <summary>Length of the form in digits.</summary>
    public const int LongLength = 17;

    // Time zones from -12 to +13 hours in units of 15 minutes (ECMA-119 8.4.26.1).
    private const int MinZone = -48;
    private const int MaxZone = 52;

    /// <summary>Year since 1900, month, day, hour, minute, second, time zone (ECMA-119 9.1.5).</summary>
    public static Timestamp FromShort(ReadOnlySpan<byte> raw, bool hasZone = true) => From(
        1900 + raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], 0, hasZone ? raw[6] : (byte)0);

    /// <summary>Digits of year, month, day, hour, minute, second, hundredths; time zone (ECMA-119 8.4.26.1).</summary>
    public static Timestamp FromLong(ReadOnlySpan<byte> raw) => From(
        Digits(raw[..4]), Digits(raw[4..6]), Digits(raw[6..8]), Digits(raw[8..10]), Digits(raw[10..12]),
        Digits(raw[12..14]), Digits(raw[14..16]), raw[16]);

    private static Timestamp From(
        int year, int month, int day, int hour, int minute, int second, int hundredths, byte rawZone)
    {
        if (year < 1 || month is < 1 or > 12 || day is < 1 or > 31 || hour > 23 || minute > 59 || second > 60
            || hour < 0 || minute < 0 || second < 0)
        {
            return default;
        }

        int zone = unchecked((sbyte)rawZone);
        int zoneSeconds = zone is >= MinZone and <= MaxZone ? zone * 15 * 60 : 0;
        long seconds = ((((DaysSince1970(year, month, day) * 24) + hour) * 60) + minute) * 60;
        return new(seconds + second - zoneSeconds, (uint)Math.Max(hundredths, 0) * 10_000_000);
    }

    // In the proleptic Gregorian calendar; years that begin in March put the leap day last.
    private static long DaysSince1970(int year, int month, int day)
    {
        long y = month > 2 ? year : year - 1;
        long dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        return (y * 365) + (y / 4) - (y / 100) + (y / 400) + dayOfYear - 719_468;
    }

    private static int Digits(ReadOnlySpan<byte> text)
    {
        int value = 0;
        foreach (byte digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return -1;
            }

            value = (value * 10) + (digit - '0');
        }

        return value;
    }
}
