using Imaged.Linux;

namespace Imaged.Cli.Consistency;

/// <summary>Calls the tools of LVM.</summary>
internal static class Lvm
{
    /// <summary>Whether there are any.</summary>
    public static bool IsInstalled => HostCommand.Find("lvm") is not null;

    /// <summary>Runs one of LVM's commands to its end: ended in the middle it might leave a volume suspended.</summary>
    /// <exception cref="CliException">It is not installed.</exception>
    public static HostCommandResult Run(params string[] arguments) => Run("lvm", arguments);

    /// <summary>Asks the device mapper.</summary>
    /// <exception cref="CliException">Its tool is not installed.</exception>
    public static HostCommandResult AskMapper(params string[] arguments) => Run("dmsetup", arguments);

    /// <summary>How the device mapper calls a logical volume: a dash within a name is doubled.</summary>
    public static string MappedName(string group, string volume) =>
        $"{group.Replace("-", "--", StringComparison.Ordinal)}-{volume.Replace("-", "--", StringComparison.Ordinal)}";

    private static HostCommandResult Run(string program, string[] arguments)
    {
        string path = HostCommand.Find(program) ?? throw new CliException(
            ExitCode.Refused, $"a snapshot of a logical volume takes the program {program}: install lvm2");
        return HostCommand.Run(path, arguments, -1);
    }
}
