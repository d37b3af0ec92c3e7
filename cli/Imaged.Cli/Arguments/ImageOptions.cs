using Imaged.Cli.Verbs;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Arguments;

/// <summary>Options that say how to open an image.</summary>
internal static class ImageOptions
{
    public static readonly OptionSpec Format = new("format", "F", "the image format, when detection errs");
    public static readonly OptionSpec Session =
        new("session", "N", "session of a disc (last), image of a WIM, APFS volume");

    public static readonly OptionSpec Track = new("track", "N", "track of a disc (the first data track)");
    public static readonly OptionSpec Snapshot = new("snapshot", "ID", "snapshot inside a qcow2 image, by id or name");
    public static readonly OptionSpec Partition = new("partition", "N", "partition by its number");
    public static readonly OptionSpec FileSystem = new("fs", "F", "the file system, when detection errs");

    public static readonly OptionSpec Extensions = new("extensions", "X", "which names of ISO 9660 to use")
    {
        Choices = ["rockridge", "joliet", "none"],
    };

    /// <summary>Of the verbs that read files.</summary>
    public static readonly OptionSpec As =
        new("as", "A", "files of a file system, or tracks of a disc") { Choices = ["auto", "disc"] };

    public static readonly OptionSpec Offset = new("offset", "BYTES", "where the image begins in the file");
    public static readonly OptionSpec Size = new("size", "BYTES", "how much of the file it takes");
    public static readonly OptionSpec SectorSize = new("sector-size", "BYTES", "of a raw image (512)");

    public static readonly OptionSpec AllowOutside =
        new("allow-outside", null, "follow the image's references to other directories");

    public static readonly OptionSpec PasswordFile =
        new("password-file", "FILE", "file that holds the password; - for standard input") { IsFile = true };

    public static IReadOnlyList<OptionSpec> All { get; } =
    [
        Format, Session, Track, Snapshot, Partition, FileSystem, Extensions, Offset, Size, SectorSize, AllowOutside,
        PasswordFile,
    ];

    /// <summary>The options as the contract has them; the password is added by who sends its descriptor.</summary>
    public static OpenOptions Read(ParsedArguments arguments) => new()
    {
        Format = arguments.Text(Format),
        Session = arguments.Number(Session, 1, 99),
        Track = arguments.Number(Track, 1, 99),
        Snapshot = arguments.Text(Snapshot),
        Partition = arguments.Number(Partition, 1, 4096),
        FileSystem = arguments.Text(As) == "disc" || arguments.Text(MountVerb.As) == "disc"
            ? "disc"
            : arguments.Text(FileSystem),
        Extensions = arguments.Text(Extensions),
        Offset = arguments.Bytes(Offset),
        Size = arguments.Bytes(Size),
        SectorSize = SectorSizeOf(arguments),
        AllowOutside = arguments.Has(AllowOutside) ? true : null,
    };

    private static int? SectorSizeOf(ParsedArguments arguments)
    {
        long? size = arguments.Bytes(SectorSize);
        return size is null or 512 or 1024 or 2048 or 4096
            ? (int?)size
            : throw new CliException(ExitCode.Usage, "--sector-size is 512, 1024, 2048 or 4096");
    }
}
