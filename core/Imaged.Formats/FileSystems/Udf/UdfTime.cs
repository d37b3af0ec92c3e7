using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Udf;

/// <summary>Time stamps (ECMA-167 1/7.3).</summary>
internal static class UdfTime
{
    /// <summary>Length of a time stamp in bytes.</summary>
    public const int Length = 12;

    private const int NoZone = -2047;

    /// <summary>Reads a time stamp; the epoch when its date is none.</summary>
    public static Timestamp Parse(ReadOnlySpan<byte> raw)
    {
        int zone = BinaryPrimitives.ReadUInt16LittleEndian(raw);
        int year = BinaryPrimitives.ReadInt16LittleEndian(raw[2..]);
        int month = raw[4];
        int day = raw[5];
        if (year is < 1 or > 9999 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return default;
        }

        long days = (new DateTime(year, month, day) - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerDay;
        long seconds = (days * 86400) + (raw[6] * 3600L) + (raw[7] * 60L) + raw[8];

        // Only type 1, local time, has a zone: minutes east of UTC in twelve bits, signed.
        int minutes = ((zone & 0xfff) ^ 0x800) - 0x800;
        if (zone >> 12 == 1 && minutes != NoZone)
        {
            seconds -= minutes * 60L;
        }

        // Some recorders leave garbage in the fractions.
        bool fraction = raw[9] < 100 && raw[10] < 100 && raw[11] < 100;
        return new(seconds, fraction ? ((raw[9] * 10000u) + (raw[10] * 100u) + raw[11]) * 1000u : 0);
    }
}
