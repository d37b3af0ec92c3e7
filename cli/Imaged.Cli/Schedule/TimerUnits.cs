using System.Text.Json;
using Imaged.Linux;

namespace Imaged.Cli.Schedule;

/// <summary>The timers of scheduled backups: what the service manager says of them is the truth.</summary>
internal static class TimerUnits
{
    private const string Prefix = "imaged-backup@";
    private const string Suffix = ".timer";
    private const int MaxMilliseconds = 10_000;

    /// <summary>When each scheduled backup runs next, by name, in UTC; nothing where no service manager runs.</summary>
    public static IReadOnlyDictionary<string, DateTime> Next()
    {
        Dictionary<string, DateTime> next = new(StringComparer.Ordinal);
        if (!Directory.Exists("/run/systemd/system") || HostCommand.Find("systemctl") is not { } program)
        {
            return next;
        }

        try
        {
            HostCommandResult answer = HostCommand.Run(
                program,
                ["list-timers", "--all", "--output=json", "--no-pager", $"{Prefix}*{Suffix}"],
                MaxMilliseconds);
            using JsonDocument document = JsonDocument.Parse(answer.Output);
            foreach (JsonElement timer in document.RootElement.EnumerateArray())
            {
                string unit = timer.GetProperty("unit").GetString() ?? string.Empty;
                if (unit.StartsWith(Prefix, StringComparison.Ordinal) && unit.EndsWith(Suffix, StringComparison.Ordinal)
                    && timer.GetProperty("next") is { ValueKind: JsonValueKind.Number } value
                    && value.TryGetInt64(out long microseconds) && microseconds > 0)
                {
                    next[unit[Prefix.Length..^Suffix.Length]] =
                        DateTime.UnixEpoch.AddMicroseconds(microseconds);
                }
            }
        }
        catch (Exception error) when (error is LinuxException or JsonException or InvalidOperationException
            or KeyNotFoundException or ArgumentOutOfRangeException)
        {
            // It is told as not known.
        }

        return next;
    }
}
