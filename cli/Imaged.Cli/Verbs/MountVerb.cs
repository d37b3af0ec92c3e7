using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl mount</c>.</summary>
internal sealed class MountVerb : Verb
{
    public static readonly OptionSpec MountOptions =
        new("options", "OPTS", "mount options, as ro,noexec,nosuid") { Short = 'o', Joins = true };

    public static readonly OptionSpec As =
        new("as", "A", "who reads the files") { Choices = ["auto", "kernel", "tree", "disc"] };

    public override string Name => "mount";

    public override string Operands => "IMAGE [DIR]";

    public override string Summary => "show the files of an image in a directory, print it";

    public override string Description =>
        "Without DIR under /run/media/imaged.\n"
        + "Files are read by the kernel's driver, by imaged's own (tree), or are the tracks (disc).";

    public override IReadOnlyList<OptionSpec> Options => [MountOptions, As, AttachVerb.Via];

    public override bool OpensImage => true;

    public override IReadOnlyList<string> Examples =>
        ["imagectl mount debian.iso", "imagectl mount disk.qcow2 --partition 2 -o noexec /mnt"];

    public override int Run(VerbCall call)
    {
        Attachment attachment = Mount(call.Arguments);
        if (call.Printer.Json)
        {
            Printer.WriteJson(attachment, ContractJson.Default.Attachment);
            return ExitCode.Done;
        }

        Printer.Write(SafeText.Name(attachment.MountPoint ?? attachment.Id) + "\n");
        call.Printer.Explain(AttachmentText.Explain(attachment));
        return ExitCode.Done;
    }

    /// <summary>Has an image mounted.</summary>
    /// <param name="arguments">Its path, perhaps a directory, and options.</param>
    internal static Attachment Mount(ParsedArguments arguments)
    {
        using ImageFile image = ImageFile.Open(arguments);
        using ImageRequest request = new(image, arguments);
        using SafeFileHandle? target = OpenTarget(arguments.Positional.ElementAtOrDefault(1));
        MountParameters parameters = new()
        {
            Image = request.Image,
            Directory = request.Directory,
            Path = request.Path,
            Options = request.Options,
            Via = AttachVerb.ViaOf(arguments),
            View = ViewOf(arguments),
            Target = target is null ? null : request.Add(target),
            TargetPath = target is null ? null : HostPath.NameOf(target),
            MountOptions = SplitOptions(arguments.Text(MountOptions)),
        };
        using VarlinkConnection daemon = Daemon.Connect(arguments);
        return daemon.Call(ManagerInterface.Mount, parameters, request.Descriptors).Value.Attachment;
    }

    /// <summary>Whether image and directory are there and can be opened.</summary>
    internal static void Check(ParsedArguments arguments)
    {
        using ImageFile image = ImageFile.Open(arguments);
        using SafeFileHandle? target = OpenTarget(arguments.Positional.ElementAtOrDefault(1));
    }

    /// <summary>The options of a comma-separated list.</summary>
    internal static IReadOnlyList<string> SplitOptions(string? list) =>
        (list ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static MountView ViewOf(ParsedArguments arguments) => arguments.Text(As) switch
    {
        null or "auto" => MountView.Auto,
        "kernel" => MountView.Kernel,
        "tree" => MountView.Tree,
        _ => MountView.Disc,
    };

    private static SafeFileHandle? OpenTarget(string? path)
    {
        if (path is null)
        {
            return null;
        }

        SafeFileHandle handle;
        try
        {
            handle = HostPath.OpenPath(path);
        }
        catch (LinuxException error) when (error.Errno == Errno.ENOENT)
        {
            throw new CliException(ExitCode.NotFound, $"there is no directory '{path}'; make it with: mkdir '{path}'");
        }
        catch (LinuxException error)
        {
            throw HostErrors.Describe(error, "directory", path);
        }

        if (!HostPath.Identify(handle).IsDirectory)
        {
            handle.Dispose();
            throw new CliException(ExitCode.Usage, $"'{path}' is not a directory; name one to mount on");
        }

        return handle;
    }
}
