using Imaged.Cli.Arguments;
using Imaged.Cli.Verbs;

namespace Imaged.Cli.Helpers;

/// <summary><c>mount.imaged IMAGE DIR</c>, as mount(8) calls it for the type <c>imaged</c> (mount(8), External
/// helpers). What <c>imagectl mount</c> takes as <c>--NAME=VALUE</c> is the mount option
/// <c>imaged.NAME=VALUE</c>.</summary>
internal static class MountHelper
{
    /// <summary>What the program is called.</summary>
    public const string Name = "mount.imaged";

    private const string Prefix = "imaged.";

    private static readonly OptionSpec Options = new("options", "OPTS", "mount options") { Short = 'o', Joins = true };
    private static readonly OptionSpec Type = new("types", "TYPE", "imaged, or imaged.FORMAT") { Short = 't' };
    private static readonly OptionSpec Sloppy = new("sloppy", null, "pass over unknown options") { Short = 's' };
    private static readonly OptionSpec Fake = new("fake", null, "do all but mount") { Short = 'f' };

    // Of fstab and of mount(8) itself, which need not be known here; images are read-only whatever is asked.
    private static readonly string[] Others =
    [
        "rw", "auto", "noauto", "nofail", "user", "nouser", "users", "owner", "group", "_netdev", "loop",
    ];

    // What the daemon takes; only asked when others are to be passed over.
    private static readonly string[] Attributes =
        ["ro", "defaults", "relatime", "noatime", "nosuid", "suid", "nodev", "dev", "noexec", "exec"];

    /// <summary>Mounts.</summary>
    /// <returns>The exit status of mount(8).</returns>
    public static int Run(IReadOnlyList<string> arguments) => HelperExit.Guard(() =>
    {
        ParsedArguments call = ArgumentParser.Parse(
            arguments,
            [Options, Type, Sloppy, Fake, HelperExit.NoTable, HelperExit.Namespace, HelperExit.Verbose],
            Name);
        HelperExit.RefuseNamespace(call);
        if (call.Positional.Count != 2)
        {
            throw new CliException(ExitCode.Usage, $"usage: {Name} IMAGE DIR [-sfnv] [-o OPTIONS] [-t imaged.FORMAT]");
        }

        MountVerb verb = new();
        ParsedArguments mount = ArgumentParser.Parse(
            [.. Translate(call), "--", .. call.Positional], [.. verb.AllOptions], Name);
        if (call.Has(Fake))
        {
            MountVerb.Check(mount);
        }
        else
        {
            MountVerb.Mount(mount);
        }
    });

    /// <summary>The options of a list; a comma between double quotes is part of its value (mount(8)).</summary>
    internal static IEnumerable<string> Split(string list)
    {
        int begin = 0;
        bool isQuoted = false;
        for (int i = 0; i <= list.Length; i++)
        {
            if (i < list.Length && list[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (i == list.Length || (list[i] == ',' && !isQuoted))
            {
                string option = list[begin..i].Trim().Replace("\"", string.Empty, StringComparison.Ordinal);
                begin = i + 1;
                if (option.Length > 0)
                {
                    yield return option;
                }
            }
        }
    }

    // Options of mount(8) as those of imagectl.
    private static List<string> Translate(ParsedArguments call)
    {
        List<string> arguments = [];
        List<string> passed = [];
        string type = call.Text(Type) ?? string.Empty;
        if (type.IndexOf('.', StringComparison.Ordinal) is var dot and > 0)
        {
            arguments.Add($"--{ImageOptions.Format.Name}={type[(dot + 1)..]}");
        }

        foreach (string option in Split(call.Text(Options) ?? string.Empty))
        {
            if (option.StartsWith(Prefix, StringComparison.Ordinal))
            {
                string own = option[Prefix.Length..];
                string name = own.Split('=', 2)[0];
                if (!Known.Contains(name))
                {
                    if (call.Has(Sloppy))
                    {
                        continue;
                    }

                    string known = string.Join(", ", Known.Select(item => Prefix + item));
                    throw new CliException(ExitCode.Usage, $"unknown mount option '{option}'; known are {known}");
                }

                arguments.Add("--" + own);
            }
            else if (!IsForOthers(option) && (!call.Has(Sloppy) || Attributes.Contains(option)))
            {
                passed.Add(option);
            }
        }

        if (passed.Count > 0)
        {
            arguments.Add($"--{MountVerb.MountOptions.Name}={string.Join(',', passed)}");
        }

        return arguments;
    }

    /// <summary>Names of the options, without their prefix.</summary>
    internal static IEnumerable<string> Known =>
        ImageOptions.All.Append(MountVerb.As).Append(AttachVerb.Via).Append(GlobalOptions.Socket).Select(o => o.Name);

    private static bool IsForOthers(string option) =>
        Others.Contains(option)
        || option.StartsWith("x-", StringComparison.Ordinal) || option.StartsWith("X-", StringComparison.Ordinal)
        || option.Split('=', 2)[0] is "comment" or "helper" or "uhelper" or "user";
}
