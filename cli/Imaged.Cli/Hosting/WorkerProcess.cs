using System.Runtime.InteropServices;
using Imaged.Cli.Arguments;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>A worker of this process: it reads the image, confined, and ends with this object.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private const string FileName = "imaged-worker";
    private const int EndMilliseconds = 2000;

    private readonly ChildProcess _process;
    private readonly IDisposable _interrupt;

    private WorkerProcess(ChildProcess process, VarlinkConnection connection)
    {
        _process = process;
        Connection = connection;
        _interrupt = Interrupts.Add(() =>
        {
            // What it was writing is written, or not, when whoever undoes it comes next.
            process.Kill();
            process.WaitForExit(EndMilliseconds);
        });
    }

    /// <summary>Where its methods are called.</summary>
    public VarlinkConnection Connection { get; }

    /// <summary>Starts a worker.</summary>
    /// <param name="directory">Directory of the image's siblings.</param>
    /// <param name="destination">Directory to copy files into.</param>
    public static WorkerProcess Start(SafeHandle? directory = null, SafeHandle? destination = null)
    {
        (UnixSocket near, UnixSocket far) = UnixSocket.CreatePair();
        using (far)
        {
            List<string> arguments = [];
            List<(int Target, SafeHandle Handle)> descriptors = [(3, far.Handle)];
            if (directory is not null)
            {
                arguments.Add("--dir");
                descriptors.Add((4, directory));
            }

            if (destination is not null)
            {
                arguments.Add("--dest");
                descriptors.Add((5, destination));
            }

            using SafeFileHandle? cache = CacheDirectory.TryOpenOwn();
            if (cache is not null)
            {
                arguments.Add("--cache");
                descriptors.Add((7, cache));
            }

            try
            {
                ChildProcess process = ChildProcess.Start(FindProgram(), arguments, descriptors);
                return new(process, new VarlinkConnection(near));
            }
            catch (LinuxException error)
            {
                near.Dispose();
                throw new CliException(ExitCode.Failed, $"cannot {error.Message}");
            }
        }
    }

    /// <summary>Has the worker open an image as the options say.</summary>
    /// <param name="image">The image.</param>
    /// <param name="arguments">The options.</param>
    /// <param name="printer">Where it is shown how far the worker is, when that takes a while.</param>
    public ImageInfo Open(ImageFile image, ParsedArguments arguments, Printer printer)
    {
        OpenOptions options = ImageOptions.Read(arguments);
        using SafeFileHandle? password = PasswordFile.Open(arguments);
        List<SafeHandle> descriptors = [image.Handle];
        if (password is not null)
        {
            options.Password = descriptors.Count;
            descriptors.Add(password);
        }

        OpenParameters parameters = new()
        {
            Image = 0,
            Name = options.AllowOutside is true ? image.RealPath : Path.GetFileName(image.RealPath),
            Options = options,
        };
        using ProgressBar bar = new(printer);
        ImageInfo info = new();
        foreach (VarlinkReply<OpenReply> reply in Connection.CallMore(WorkerInterface.Open, parameters, descriptors))
        {
            info = reply.Value.Info;
            if (reply.Value.Progress is { } progress)
            {
                bar.Show(progress);
            }
        }

        return info;
    }

    /// <summary>Calls a method that takes long, and shows how far it is.</summary>
    /// <returns>The last reply.</returns>
    public TReply CallLong<TParameters, TReply>(
        VarlinkMethod<TParameters, TReply> method,
        TParameters parameters,
        IReadOnlyList<SafeHandle> descriptors,
        Printer printer,
        Func<TReply, Progress> progressOf)
        where TReply : new()
    {
        TReply last = new();
        using ProgressBar bar = new(printer);
        foreach (VarlinkReply<TReply> reply in Connection.CallMore(method, parameters, descriptors))
        {
            last = reply.Value;
            bar.Show(progressOf(last));
        }

        return last;
    }

    /// <summary>Ends the worker at once: whoever waits for an answer gets none. Any thread may call this.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Closes the connection, upon which the worker ends; kills it if it does not.</summary>
    public void Dispose()
    {
        Connection.Dispose();
        if (!_process.WaitForExit(EndMilliseconds))
        {
            _process.Kill();
            _process.WaitForExit(EndMilliseconds);
        }

        _interrupt.Dispose();
        _process.Dispose();
    }

    private static string FindProgram()
    {
        if (Environment.GetEnvironmentVariable("IMAGED_WORKER") is { Length: > 0 } named)
        {
            return named;
        }

        if (Environment.ProcessPath is not { Length: > 0 } own)
        {
            throw new CliException(
                ExitCode.Refused,
                $"{FileName} is looked for beside imagectl, whose folder you may not enter; "
                + "say where it is with IMAGED_WORKER");
        }

        string program = File.ResolveLinkTarget(own, returnFinalTarget: true)?.FullName ?? own;
        string folder = Path.GetDirectoryName(program) ?? "/";
        foreach (string candidate in (string[])[FileName, "../libexec/imaged/" + FileName])
        {
            string path = Path.GetFullPath(candidate, folder);
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new CliException(
            ExitCode.Failed,
            $"{FileName} is not in '{folder}' nor in '../libexec/imaged'; say where it is with IMAGED_WORKER");
    }
}
