using Imaged.Formats.Model;

namespace Imaged.Formats.Shared;

/// <summary>Times as Windows keeps them (FILETIME): units of 100 ns since 1601-01-01.</summary>
internal static class WindowsTime
{
    private const ulong UnitsPerSecond = 10_000_000;
    private const uint NanosecondsPerUnit = 100;
    private const long UnixEpochSeconds = 11_644_473_600;

    /// <summary>Any number is a time.</summary>
    public static Timestamp From(ulong units) =>
        new((long)(units / UnitsPerSecond) - UnixEpochSeconds, (uint)(units % UnitsPerSecond) * NanosecondsPerUnit);
}
