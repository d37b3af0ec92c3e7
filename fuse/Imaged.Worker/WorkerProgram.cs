using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker;

/// <summary>The process that reads images: it takes its rights away, starts itself anew, and serves whoever started
/// it.</summary>
internal static class WorkerProgram
{
    private const int ExitUsage = 2;
    private const int ExitFailed = 1;

    /// <summary>Runs the program; returns its exit status.</summary>
    public static int Run(string[] arguments)
    {
        try
        {
            if (arguments is ["--connect", string path])
            {
                string[]? assigned = Assignment.Fetch(path);
                if (assigned is null)
                {
                    return 0;
                }

                arguments = assigned;
            }

            WorkerOptions? options = WorkerOptions.Parse(arguments);
            if (options is null)
            {
                Console.Error.WriteLine("imaged-worker is started by imaged and imagectl, not by hand");
                return ExitUsage;
            }

            if (!options.Confined)
            {
                Confine(options, arguments);
            }

            Seccomp.Install();
            Serve(options);
            return 0;
        }
        catch (Exception error) when (error is IOException or VarlinkProtocolException)
        {
            Console.Error.WriteLine($"imaged-worker: {error.Message}");
            return ExitFailed;
        }
    }

    [DoesNotReturn]
    private static void Confine(WorkerOptions options, string[] arguments)
    {
        using SafeFileHandle? directory = Borrow(options.HasDirectory, WorkerOptions.DirectoryDescriptor);
        using SafeFileHandle? destination = Borrow(options.HasDestination, WorkerOptions.DestinationDescriptor);
        using SafeFileHandle? cache = Borrow(options.HasCache, WorkerOptions.CacheDescriptor);
        Confinement.Apply(new ConfinementOptions(options.Uid, options.Gid, options.Groups)
        {
            ReadableDirectory = directory,
            WritableDirectory = destination,
            CacheDirectory = cache,
        });
        string[] environment =
        [
            $"DOTNET_GCHeapHardLimit={options.HeapLimit}",
            "DOTNET_GCgen0size=400000", // hexadecimal: 4 MiB, so that a worker without work stays small
            "LC_ALL=C.UTF-8",
            "TZ=UTC",
        ];
        Confinement.Execute(["--confined", .. arguments], environment);
        throw new InvalidOperationException("execve returned");
    }

    private static void Serve(WorkerOptions options)
    {
        using SafeFileHandle? directory = Take(options.HasDirectory, WorkerOptions.DirectoryDescriptor);
        using SafeFileHandle? destination = Take(options.HasDestination, WorkerOptions.DestinationDescriptor);
        using SafeFileHandle? cache = Take(options.HasCache, WorkerOptions.CacheDescriptor);
        using UnixSocket? listener = options.HasListener ? UnixSocket.Adopt(WorkerOptions.ListenerDescriptor) : null;
        using WorkerHost host = new(directory, destination, cache);
        string version = typeof(WorkerProgram).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion ?? string.Empty;
        VarlinkService service = new("imaged-worker", version, WorkerCalls.CreateInterface(host));

        UnixSocket? connection = UnixSocket.Adopt(WorkerOptions.ControlDescriptor);
        while (connection is not null)
        {
            host.Connection = connection;
            VarlinkServer.ServeOne(connection, service, VarlinkLimits.Peer, Report);
            host.Connection = null;

            // Whoever started this worker is gone. What is served goes on until its connection ends; meanwhile a new
            // daemon may come.
            connection = host.IsServing && listener is not null ? AcceptDaemon(listener, host) : null;
        }

        host.WaitForEnd();
    }

    // Only root, or the user who runs the daemon, may take a worker over.
    private static UnixSocket? AcceptDaemon(UnixSocket listener, WorkerHost host)
    {
        while (true)
        {
            UnixSocket? connection = listener.Accept(host.Ended);
            if (connection is null || connection.GetPeer().IsRoot)
            {
                return connection;
            }

            connection.Dispose();
        }
    }

    private static void Report(string where, Exception error) =>
        Console.Error.WriteLine($"imaged-worker: {where}: {error.GetType().Name}: {error.Message}");

    private static SafeFileHandle? Borrow(bool there, int descriptor) =>
        there ? new SafeFileHandle(descriptor, ownsHandle: false) : null;

    private static SafeFileHandle? Take(bool there, int descriptor)
    {
        if (!there)
        {
            return null;
        }

        SafeFileHandle handle = new(descriptor, ownsHandle: true);
        HostPath.SetCloseOnExec(handle);
        return handle;
    }
}
