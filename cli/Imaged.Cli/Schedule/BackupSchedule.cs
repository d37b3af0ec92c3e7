using System.Globalization;
using Imaged.Cli.Hosting;
using Imaged.Linux;

namespace Imaged.Cli.Schedule;

/// <summary>The settings of a backup that is made by itself: <c>/etc/imaged/backup.d/NAME.conf</c>
/// (imaged-backup(5)).</summary>
internal sealed record BackupSchedule
{
    private const string Extension = ".conf";
    private const string BackupExtension = ".qcow2";
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";
    private const int MaxNameLength = 64;

    // Sixteen stand on one at most.
    private const int MaxFullEvery = 17;

    private BackupSchedule(string name)
    {
        Name = name;
    }

    /// <summary>The folder of the settings. <c>IMAGED_BACKUP_D</c> names another one.</summary>
    public static string Folder =>
        Environment.GetEnvironmentVariable("IMAGED_BACKUP_D") is { Length: > 0 } named
            ? named
            : "/etc/imaged/backup.d";

    /// <summary>What it is called: letters, digits, <c>_</c>, <c>-</c> and <c>.</c>.</summary>
    public string Name { get; }

    /// <summary>What is saved.</summary>
    public string? Source { get; private init; }

    /// <summary>The folder that it is saved to.</summary>
    public string? Target { get; private init; }

    /// <summary>When, as in systemd.time(7), "Calendar events"; none for never.</summary>
    public IReadOnlyList<string> Calendar { get; private init; } = ["daily"];

    /// <summary>By how much that is put off at most, each time by another time; as in systemd.time(7).</summary>
    public string Delay { get; private init; } = "1h";

    /// <summary>Which backups are kept; null for all.</summary>
    public string? Keep { get; private init; }

    /// <summary>Whether what is kept is made whole for what it stands on to go.</summary>
    public bool Merge { get; private init; }

    /// <summary>One of so many backups is whole, and the others stand on the one before.</summary>
    public int FullEvery { get; private init; } = 7;

    /// <summary>Options of <c>imagectl backup</c>.</summary>
    public IReadOnlyList<string> Options { get; private init; } = [];

    /// <summary>Whether each backup is read again.</summary>
    public bool Check { get; private init; } = true;

    /// <summary>Share of one processor, as in systemd.resource-control(5), "CPUQuota="; null for all there
    /// is.</summary>
    public string? Cpu { get; private init; }

    /// <summary>A unit that is started when it fails.</summary>
    public string? OnFailure { get; private init; }

    /// <summary>What is wrong with the settings: it does not run then.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>Those there are, by name.</summary>
    public static IReadOnlyList<BackupSchedule> ReadAll() => Directory.Exists(Folder)
        ?
        [
            .. Directory.EnumerateFiles(Folder, "*" + Extension)
                .Select(file => Path.GetFileNameWithoutExtension(file))
                .Order(StringComparer.Ordinal)
                .Select(Load),
        ]
        : [];

    /// <summary>Reads the settings of one.</summary>
    /// <exception cref="CliException">There is none of this name.</exception>
    public static BackupSchedule Read(string name)
    {
        BackupSchedule schedule = Load(name);
        return File.Exists(PathOf(name)) || !IsName(name)
            ? schedule
            : throw new CliException(
                ExitCode.NotFound, $"there is no scheduled backup '{name}': no file '{PathOf(name)}'");
    }

    /// <summary>The name of a backup that is begun now: with the time in UTC, to the second, and of no other one of the
    /// folder.</summary>
    /// <param name="folder">Where it will be.</param>
    public string NameBackup(string folder)
    {
        for (DateTime time = DateTime.UtcNow; ; time = time.AddSeconds(1))
        {
            string file = FormattableString.Invariant($"{Name}-{time.ToString(TimeFormat, null)}{BackupExtension}");
            if (!File.Exists(Path.Combine(folder, file)))
            {
                return file;
            }
        }
    }

    /// <summary>Whether a file is a backup of this schedule, by its name: sources may be called otherwise with each
    /// boot.</summary>
    public bool Owns(string file) =>
        file.StartsWith(Name + "-", StringComparison.Ordinal)
        && file.EndsWith(BackupExtension, StringComparison.Ordinal)
        && DateTime.TryParseExact(
            file.AsSpan(Name.Length + 1, Math.Max(0, file.Length - Name.Length - 1 - BackupExtension.Length)),
            TimeFormat,
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out _);

    /// <summary>Reads settings.</summary>
    internal static BackupSchedule Parse(string name, IEnumerable<string> lines)
    {
        BackupSchedule schedule = new(name);
        List<string> problems = [];
        bool hasCalendar = false;
        foreach ((int number, string text, string key, string value) in SettingsFile.Read(lines))
        {
            if (key == "calendar" && !hasCalendar)
            {
                // The first one takes the place of the default, others are added.
                schedule = schedule with { Calendar = [] };
                hasCalendar = true;
            }

            if (schedule.With(key, value) is { } next)
            {
                schedule = next;
            }
            else
            {
                problems.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"line {number}: '{text}' is not a known setting with a valid value"));
            }
        }

        if (schedule.Source is null || schedule.Target is null)
        {
            problems.Add("'source' and 'target' have to be there");
        }

        return schedule with { Problems = problems };
    }

    private static string PathOf(string name) => Path.Combine(Folder, name + Extension);

    // What cannot be read is a problem of this one, and of no other.
    private static BackupSchedule Load(string name)
    {
        if (!IsName(name))
        {
            return new(name)
            {
                Problems =
                    ["its name may have up to 64 letters, digits, '_', '-' and '.', and begins with none of '-.'"],
            };
        }

        try
        {
            return Parse(name, File.ReadLines(PathOf(name)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new(name) { Problems = [error.Message] };
        }
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength && name[0] is not ('-' or '.')
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');

    private static bool? Flag(string value) => value switch
    {
        "yes" => true,
        "no" => false,
        _ => null,
    };

    // One line in a unit: nothing that systemd would take for more.
    private static bool IsPlain(string value) =>
        value.Length > 0 && !value.Any(c => char.IsControl(c) || c is '\\' or '"' or '\'' or '%');

    private static bool IsShare(string value) =>
        value.Length is > 1 and < 8 && value[^1] == '%' && value[..^1].All(char.IsAsciiDigit) && value[0] != '0';

    private static bool IsRules(string value)
    {
        try
        {
            _ = new Retention(value);
            return true;
        }
        catch (CliException)
        {
            return false;
        }
    }

    private BackupSchedule? With(string key, string value) => key switch
    {
        "source" => Path.IsPathRooted(value) ? this with { Source = value } : null,
        "target" => Path.IsPathRooted(value) && IsPlain(value) ? this with { Target = value } : null,
        "calendar" when value == "never" => this with { Calendar = [] },
        "calendar" => IsPlain(value) ? this with { Calendar = [.. Calendar, value] } : null,
        "delay" => IsPlain(value) ? this with { Delay = value } : null,
        "keep" => IsRules(value) ? this with { Keep = value } : null,
        "merge" => Flag(value) is { } on ? this with { Merge = on } : null,
        "full-every" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count is >= 1 and <= MaxFullEvery ? this with { FullEvery = count } : null,
        "check" => Flag(value) is { } on ? this with { Check = on } : null,
        "level" or "rate" or "consistency" => IsPlain(value) ? WithOption($"--{key}={value}") : null,
        "keep-going" => Flag(value) is { } on ? on ? WithOption("--keep-going") : this : null,
        "cpu" => IsShare(value) ? this with { Cpu = value } : null,
        "on-failure" => IsPlain(value) ? this with { OnFailure = value } : null,
        _ => null,
    };

    private BackupSchedule WithOption(string option) => this with { Options = [.. Options, option] };
}
