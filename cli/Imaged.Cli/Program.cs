using Imaged.Cli;
using Imaged.Cli.Helpers;
using Imaged.Cli.Output;

// mount(8), umount(8) and systemd call the program by these names.
string name = Path.GetFileName(Environment.GetCommandLineArgs()[0]);
switch (name)
{
    case MountHelper.Name:
        Printer.Program = name;
        return MountHelper.Run(args);
    case BackupGenerator.Name:
        Printer.Program = name;
        return BackupGenerator.Run(args);
    case UnmountHelper.Name:
        Printer.Program = name;
        return UnmountHelper.Run(args);
    default:
        return CliProgram.Run(args);
}
