using Imaged.Cli.Arguments;
using Imaged.Cli.Verbs;

namespace Imaged.Cli.Helpers;

/// <summary><c>umount.imaged DIR</c>, as umount(8) calls it for mounts with the option <c>helper=imaged</c> (umount(8),
/// External helpers).</summary>
internal static class UnmountHelper
{
    /// <summary>What the program is called.</summary>
    public const string Name = "umount.imaged";

    // Images are read-only already, and imaged does not wait for servers.
    private static readonly OptionSpec Force = new("force", null, "as without it") { Short = 'f' };
    private static readonly OptionSpec ReadOnly = new("read-only", null, "as without it") { Short = 'r' };
    private static readonly OptionSpec Type = new("types", "TYPE", "the type of the mount") { Short = 't' };

    /// <summary>Unmounts.</summary>
    /// <returns>The exit status of umount(8).</returns>
    public static int Run(IReadOnlyList<string> arguments) => HelperExit.Guard(() =>
    {
        ParsedArguments call = ArgumentParser.Parse(
            arguments,
            [
                UmountVerb.Lazy, Force, ReadOnly, Type, HelperExit.NoTable, HelperExit.Namespace, HelperExit.Verbose,
                GlobalOptions.Socket,
            ],
            Name);
        HelperExit.RefuseNamespace(call);
        if (call.Positional.Count != 1)
        {
            throw new CliException(ExitCode.Usage, $"usage: {Name} DIR [-flnrv]");
        }

        UmountVerb.Unmount(call);
    });
}
