using System.Globalization;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Output;

/// <summary>Ranges of bytes for people.</summary>
internal static class RangeText
{
    private const int Shown = 3;

    /// <summary>The first ones, and how many more there are.</summary>
    public static string Of(ByteRanges ranges)
    {
        IEnumerable<string> shown = ranges.First.Take(Shown).Select(
            range => string.Create(CultureInfo.InvariantCulture, $"{range.Length} bytes at {range.Offset}"));
        string more = ranges.Count > Shown
            ? string.Create(CultureInfo.InvariantCulture, $" and {ranges.Count - Shown} more places")
            : string.Empty;
        return string.Join(", ", shown) + more;
    }
}
