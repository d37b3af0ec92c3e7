using Imaged.Formats.Model;

namespace Imaged.Formats.Shared;

/// <summary>Dates and times of DOS. FAT does not say of which zone they are; they are taken as UTC.</summary>
internal static class DosTime
{
    /// <summary>A date and time of day.</summary>
    /// <param name="date">Year since 1980 (7 bits), month (4), day (5).</param>
    /// <param name="time">Hour (5 bits), minute (6), second / 2 (5).</param>
    /// <param name="hundredths">Hundredths of a second to add: 0 to 199.</param>
    public static Timestamp From(int date, int time, int hundredths = 0)
    {
        // Month and day are 1 where they are 0, as for the kernel; too great ones run over into the next.
        int year = 1980 + (date >> 9);
        int month = Math.Clamp((date >> 5) & 0x0f, 1, 12);
        long days = (new DateTime(year, month, 1, 0, 0, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).Days
            + Math.Max(date & 0x1f, 1) - 1;
        long seconds = (days * 86400) + ((time >> 11) * 3600) + (((time >> 5) & 0x3f) * 60) + ((time & 0x1f) * 2);
        return new(seconds + (hundredths / 100), (uint)(hundredths % 100) * 10_000_000);
    }
}
