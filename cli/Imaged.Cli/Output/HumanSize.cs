using System.Globalization;

namespace Imaged.Cli.Output;

/// <summary>Byte counts for people.</summary>
internal static class HumanSize
{
    private static readonly string[] Units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Three digits and a unit, e.g. <c>1.44 MiB</c>; rounded down, so that nothing looks larger than it
    /// is.</summary>
    public static string Of(long bytes)
    {
        if (bytes < 1024)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        }

        int unit = 0;
        decimal value = bytes / 1024m;
        while (value >= 1024)
        {
            value /= 1024;
            unit++;
        }

        int digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
        decimal cut = Math.Round(value, digits, MidpointRounding.ToZero);
        return cut.ToString("0.##", CultureInfo.InvariantCulture) + " " + Units[unit];
    }

    /// <summary>The same with the exact count behind it.</summary>
    public static string WithBytes(long bytes) =>
        bytes < 1024 ? Of(bytes) : string.Create(CultureInfo.InvariantCulture, $"{Of(bytes)} ({bytes} bytes)");
}
