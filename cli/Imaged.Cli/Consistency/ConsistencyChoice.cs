using System.Globalization;
using Imaged.Cli.Arguments;

namespace Imaged.Cli.Consistency;

/// <summary>How a source is to be kept from changing while it is saved.</summary>
internal enum ConsistencyMode
{
    /// <summary>The first that does: nobody writes to it, or a snapshot of a logical volume; else it is
    /// refused.</summary>
    Auto,

    /// <summary>Only if nobody writes to it.</summary>
    Unused,

    /// <summary>By a snapshot of the logical volume, whoever writes to it.</summary>
    Snapshot,

    /// <summary>By freezing the file systems on it, if there are any that are written to.</summary>
    Freeze,
}

/// <summary>What the user chose of that.</summary>
/// <param name="Mode">How.</param>
/// <param name="SnapshotSize">Bytes that may change before a snapshot is full; null for what there is room for.</param>
/// <param name="FreezeSeconds">How long file systems may be frozen, 1 to 86400.</param>
internal sealed record ConsistencyChoice(ConsistencyMode Mode, long? SnapshotSize, int FreezeSeconds)
{
    /// <summary>Long enough for some ten gigabytes, and less than what most clients of a server wait for.</summary>
    public const int DefaultFreezeSeconds = 300;

    /// <summary>The option.</summary>
    public static readonly OptionSpec Option =
        new("consistency", "HOW", "auto, unused, snapshot[:SIZE], freeze[:SECONDS]: see man");

    private const int MaxFreezeSeconds = 86400;

    /// <summary>What the options say.</summary>
    /// <exception cref="CliException">The value makes no sense.</exception>
    public static ConsistencyChoice Read(ParsedArguments arguments) => Parse(arguments.Text(Option) ?? "auto");

    /// <summary>Reads <c>auto</c>, <c>unused</c>, <c>snapshot[:SIZE]</c> or <c>freeze[:SECONDS]</c>.</summary>
    /// <exception cref="CliException">It is none of these.</exception>
    public static ConsistencyChoice Parse(string text)
    {
        string[] parts = text.Split(':', 2);
        string? value = parts.Length == 2 ? parts[1] : null;
        switch (parts[0])
        {
            case "auto" when value is null:
                return new(ConsistencyMode.Auto, null, DefaultFreezeSeconds);
            case "unused" when value is null:
                return new(ConsistencyMode.Unused, null, DefaultFreezeSeconds);
            case "snapshot" when value is null:
                return new(ConsistencyMode.Snapshot, null, DefaultFreezeSeconds);
            case "snapshot" when ParsedArguments.TryParseBytes(value, out long size) && size > 0:
                return new(ConsistencyMode.Snapshot, size, DefaultFreezeSeconds);
            case "freeze" when value is null:
                return new(ConsistencyMode.Freeze, null, DefaultFreezeSeconds);
            case "freeze" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
                && seconds is >= 1 and <= MaxFreezeSeconds:
                return new(ConsistencyMode.Freeze, null, seconds);
            default:
                throw new CliException(
                    ExitCode.Usage,
                    $"--{Option.Name} is auto, unused, snapshot, snapshot:SIZE (such as 10G), freeze or "
                    + $"freeze:SECONDS (1 to {MaxFreezeSeconds}), not '{text}'");
        }
    }
}
