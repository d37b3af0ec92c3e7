using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl cp</c>.</summary>
internal sealed class CpVerb : Verb
{
    public override string Name => "cp";

    public override string Operands => "IMAGE PATH DEST";

    public override string Summary => "copy files out of an image";

    public override string Description =>
        "As cp -a does: directories with all that is in them, modes, times, links, holes;\n"
        + "owners and devices as far as your rights go.\n"
        + "Into DEST when that is a directory, otherwise under that name. PATH / copies everything.";

    public override IReadOnlyList<OptionSpec> Options => [ImageOptions.As];

    public override bool OpensImage => true;

    public override bool IsLong => true;

    public override IReadOnlyList<string> Examples =>
        ["imagectl cp debian.iso /boot /tmp", "imagectl cp disk.vhdx --partition 2 / backup/"];

    public override int Run(VerbCall call)
    {
        (string folder, string? name) = Target(call.Positional(1)!, call.Positional(2)!);
        using ImageFile image = ImageFile.Open(call.Arguments);
        using SafeFileHandle destination = OpenDestination(folder);
        using WorkerProcess worker = WorkerProcess.Start(image.Directory, destination);
        worker.Open(image, call.Arguments, call.Printer);
        CopyReply last = new();
        int warnings = 0;
        using (ProgressBar bar = new(call.Printer))
        {
            CopyParameters parameters = new() { Path = call.Positional(1)!, Name = name };
            foreach (VarlinkReply<CopyReply> reply in worker.Connection.CallMore(WorkerInterface.Copy, parameters))
            {
                last = reply.Value;
                warnings += last.Warnings.Count;
                if (reply.Continues && last.Warnings.Count == 0)
                {
                    bar.Show(last.Progress);
                }
            }
        }

        foreach (string warning in last.Warnings)
        {
            call.Printer.Warn(warning);
        }

        if (call.Printer.Json)
        {
            Printer.WriteJson(last, ContractJson.Default.CopyReply);
        }

        return warnings == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>The directory to copy into and the name to give there; no name for the content of a
    /// directory.</summary>
    internal static (string Folder, string? Name) Target(string path, string destination)
    {
        string own = path.TrimEnd('/');
        own = own[(own.LastIndexOf('/') + 1)..];
        if (Directory.Exists(destination))
        {
            return (destination, own is "" or "." or ".." ? null : own);
        }

        string full = Path.GetFullPath(destination).TrimEnd('/');
        return (Path.GetDirectoryName(full) ?? "/", Path.GetFileName(full));
    }

    private static SafeFileHandle OpenDestination(string folder)
    {
        try
        {
            return HostPath.OpenDirectory(folder);
        }
        catch (LinuxException error)
        {
            throw HostErrors.Describe(error, "directory", folder);
        }
    }
}
