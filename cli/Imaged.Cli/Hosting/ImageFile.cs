using Imaged.Cli.Arguments;
using Imaged.Cli.Output;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>An image that was opened with the caller's own rights, and the directory of its sibling files.</summary>
internal sealed class ImageFile : IDisposable
{
    // Of a sparse bundle of Apple, and of a directory of Clonezilla.
    private static readonly string[] Lists = ["Info.plist", "parts"];

    private ImageFile(string path, string realPath, SafeFileHandle handle, SafeFileHandle? directory)
    {
        Path = path;
        RealPath = realPath;
        Handle = handle;
        Directory = directory;
    }

    /// <summary>As the user wrote it.</summary>
    public string Path { get; }

    /// <summary>Absolute, without symbolic links where that could be found out.</summary>
    public string RealPath { get; }

    /// <summary>Opened for reading.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Names the directory that holds it, or the root when files outside may be opened; null when that cannot
    /// be opened.</summary>
    public SafeFileHandle? Directory { get; }

    /// <summary>Opens the image that the first operand names. Of a directory that is one it is the list in it that
    /// tells what it holds.</summary>
    /// <exception cref="CliException">It cannot be opened, or is no file or block device.</exception>
    public static ImageFile Open(ParsedArguments arguments) =>
        Open(arguments.Positional[0], arguments.Has(ImageOptions.AllowOutside));

    /// <summary>Opens an image by its path.</summary>
    /// <exception cref="CliException">It cannot be opened, or is no file or block device.</exception>
    public static ImageFile Open(string path) => Open(path, allowOutside: false);

    /// <summary>Takes the image from standard input: where it is a file, that; else all of it is kept until the end in
    /// a file without a name, zeros as holes, since images are read at any offset.</summary>
    /// <exception cref="CliException">It is no image, or there is no room to keep it.</exception>
    public static ImageFile FromInput(ParsedArguments arguments, Printer printer)
    {
        if (arguments.Text(ImageOptions.PasswordFile) == "-")
        {
            throw new CliException(
                ExitCode.Usage, "standard input is the image: name a file that holds the password");
        }

        const string Name = "standard input";
        SafeFileHandle input = StandardStream.Input.Handle;
        FileIdentity identity = HostPath.Identify(input);
        if (identity.IsRegular || identity.IsBlockDevice)
        {
            return new("-", Name, HostPath.ReopenRead(input), null);
        }

        return identity.IsDirectory || StandardStream.Input.IsTerminal
            ? throw new CliException(ExitCode.Usage, "standard input is no image: send one through a pipe")
            : new("-", Name, InputSpool.Read(input, printer), null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Handle.Dispose();
        Directory?.Dispose();
    }

    private static ImageFile Open(string path, bool allowOutside)
    {
        SafeFileHandle handle;
        try
        {
            handle = HostPath.OpenRead(path);
        }
        catch (LinuxException error)
        {
            throw HostErrors.Describe(error, "image", path);
        }
        catch (ArgumentException)
        {
            throw new CliException(ExitCode.Usage, "the name of the image holds a NUL character");
        }

        FileIdentity identity = HostPath.Identify(handle);
        if (!identity.IsRegular && !identity.IsBlockDevice)
        {
            handle.Dispose();
            string? list = Lists.Select(name => System.IO.Path.Combine(path, name)).FirstOrDefault(File.Exists);
            if (identity.IsDirectory && list is not null)
            {
                return Open(list, allowOutside);
            }

            string what = identity.IsDirectory ? "a directory" : "neither a file nor a block device";
            throw new CliException(ExitCode.Usage, $"'{path}' is {what}; name an image file");
        }

        // Siblings lie beside the file itself, not beside a link to it.
        string realPath = HostPath.NameOf(handle);
        if (!System.IO.Path.IsPathRooted(realPath) || realPath.EndsWith(" (deleted)", StringComparison.Ordinal))
        {
            realPath = System.IO.Path.GetFullPath(path);
        }

        string directory = allowOutside ? "/" : System.IO.Path.GetDirectoryName(realPath) ?? "/";
        return new(path, realPath, handle, OpenDirectory(directory));
    }

    private static SafeFileHandle? OpenDirectory(string path)
    {
        try
        {
            return HostPath.OpenPath(path);
        }
        catch (LinuxException)
        {
            return null; // an image without siblings needs none
        }
    }
}
