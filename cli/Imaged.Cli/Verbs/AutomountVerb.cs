using Imaged.Cli.Arguments;
using Imaged.Cli.Automount;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl automount</c>, which units call.</summary>
internal sealed class AutomountVerb : Verb
{
    public static readonly OptionSpec Undo = new("undo", null, "unmount what was mounted for the device");
    public static readonly OptionSpec Watch = new("watch", null, "mount images that come into the watched folder");

    public override string Name => "automount";

    public override string Operands => "[DEVICE]";

    public override string Summary => "mount what imaged.conf lets mount itself";

    public override string Description =>
        "Called by imaged-automount@.service with the sysfs path of a device that appeared,\n"
        + "and by imaged-automount.service to watch a folder.";

    public override bool IsForUnits => true;

    public override IReadOnlyList<OptionSpec> Options => [Undo, Watch];

    public override IReadOnlyList<string> Examples => ["imagectl automount /dev/sr0", "imagectl automount --watch"];

    public override int Run(VerbCall call)
    {
        string? device = call.Positional(0);
        if (call.Arguments.Has(Watch) == device is not null || (device is null && call.Arguments.Has(Undo)))
        {
            throw new CliException(ExitCode.Usage, "automount needs either DEVICE or --watch");
        }

        if (device is null)
        {
            new FolderAutomount(call.Arguments).Watch();
        }
        else if (call.Arguments.Has(Undo))
        {
            new DeviceAutomount(call.Arguments, device).Undo();
        }
        else
        {
            new DeviceAutomount(call.Arguments, device).Start();
        }

        return ExitCode.Done;
    }
}
