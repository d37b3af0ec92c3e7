using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl restore</c>.</summary>
internal sealed class RestoreVerb : Verb
{
    public override string Name => "restore";

    public override string Operands => "BACKUP TARGET";

    public override string Summary => "write a backup, or any image, to a disk, a partition or a file";

    public override string Description =>
        "Only what is in use is written, then read back and compared. The partition table goes last.\n"
        + "On a longer disk the backup of a GPT moves to its end.";

    public override IReadOnlyList<OptionSpec> Options => DiskRestore.Options;

    public override bool OpensImage => true;

    public override bool IsLong => true;

    public override IReadOnlyList<string> Examples =>
        [
            "imagectl restore monday.qcow2 /dev/sdb --dry-run",
            "imagectl restore disk-backup.qcow2 /dev/sdb2 --partition 2",
        ];

    public override int Run(VerbCall call)
    {
        using ImageFile image = ImageFile.Open(call.Arguments);
        RestoreTarget target = RestoreTarget.Open(call.Positional(1)!, call.Arguments.Has(DiskRestore.Force));
        using DiskRestore restore = new(call, [target]);
        return restore.Run(image);
    }
}
