using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl deploy</c>.</summary>
internal sealed class DeployVerb : Verb
{
    // Each goes to the worker with two descriptors, of which one message takes 64.
    private const int MaxDevices = 32;

    public override string Name => "deploy";

    public override string Operands => "IMAGE DEVICE...";

    public override string Summary => "write an image to one or many disks at once";

    public override string Description =>
        "As restore does; the image is read once. A disk that fails does not stop the others.\n"
        + "IMAGE may be -, standard input.";

    public override IReadOnlyList<OptionSpec> Options => DiskRestore.Options;

    public override bool OpensImage => true;

    public override bool IsLong => true;

    public override IReadOnlyList<string> Examples =>
        [
            "imagectl deploy server.qcow2 /dev/sdb /dev/sdc /dev/sdd --grow --identity=fresh",
            "curl -sf https://example.org/debian.img.xz | imagectl deploy - /dev/sdb",
        ];

    public override int Run(VerbCall call)
    {
        string[] names = [.. call.Arguments.Positional.Skip(1)];
        if (names.Length > MaxDevices)
        {
            throw new CliException(
                ExitCode.Usage, $"{names.Length} disks are too many at once: {MaxDevices} are the most");
        }

        using DiskRestore restore = new(call, RestoreTarget.OpenDevices(names));
        using ImageFile image = call.Arguments.Positional[0] == "-"
            ? ImageFile.FromInput(call.Arguments, call.Printer)
            : ImageFile.Open(call.Arguments);
        FileIdentity identity = HostPath.Identify(image.Handle);
        string? same = names.FirstOrDefault(name => identity.IsBlockDevice && IsSame(name, identity));
        return same is null
            ? restore.Run(image)
            : throw new CliException(ExitCode.Usage, $"'{same}' is the image itself; nothing was written");
    }

    private static bool IsSame(string name, FileIdentity image)
    {
        using SafeFileHandle path = HostPath.OpenPath(name);
        return HostPath.Identify(path).DeviceNode == image.DeviceNode;
    }
}
