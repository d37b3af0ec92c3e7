using System.Globalization;

namespace Imaged.Ipc.Contract;

/// <summary>Times of the contract: RFC 3339, in UTC.</summary>
public static class ContractTime
{
    /// <summary>A time to the millisecond.</summary>
    public static string Text(DateTime utc) =>
        utc.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>What a text says; null when it is no time.</summary>
    public static DateTime? Parse(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out DateTimeOffset time) ? time.UtcDateTime : null;
}
