using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Fuse;
using Imaged.Fuse.Handlers;
using Imaged.Fuse.Session;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux.Sockets;
using Imaged.Worker.Open;
using Imaged.Worker.Serve;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker;

/// <summary>What a worker holds: one image, and the FUSE session that serves it.</summary>
internal sealed class WorkerHost : IDisposable
{
    private readonly SafeFileHandle? _directory;
    private readonly SafeFileHandle? _cache;
    private readonly UnixSocket _endSender;
    private SafeFileHandle? _password;
    private OpenedImage? _image;
    private FileTree? _tree;
    private FuseSession? _session;
    private SafeFileHandle? _device;
    private SafeFileHandle? _journalFile;
    private RequestJournal? _journal;
    private IFuseHandler? _handler;

    /// <summary>A worker without an image.</summary>
    public WorkerHost(SafeFileHandle? directory, SafeFileHandle? destination, SafeFileHandle? cache)
    {
        _directory = directory;
        _cache = cache;
        Destination = destination;
        (_endSender, Ended) = UnixSocket.CreatePair();
    }

    /// <summary>Where files are copied to; null for nowhere.</summary>
    public SafeFileHandle? Destination { get; }

    /// <summary>Whether a FUSE session is being served.</summary>
    public bool IsServing => _session is { Completion.IsCompleted: false };

    /// <summary>Becomes readable when the session ends.</summary>
    public UnixSocket Ended { get; }

    /// <summary>The connection that is being served: it ends with the session, as there is nothing left to ask
    /// for.</summary>
    public UnixSocket? Connection { get; set; }

    /// <summary>The image.</summary>
    /// <exception cref="ImagedException">There is none yet.</exception>
    public OpenedImage Image => _image ?? throw new ImagedException(ErrorKind.NothingToDo, "no image is open");

    /// <summary>The tree that is meant; opened at the first call and kept.</summary>
    public FileTree Tree => _tree ??= Image.OpenTree(Image.ChooseVolume());

    /// <summary>Opens the image.</summary>
    /// <param name="image">The image; it becomes the host's.</param>
    /// <param name="name">Name of its file.</param>
    /// <param name="options">How to open it.</param>
    /// <param name="password">What the password is read from; null for none. It becomes the host's.</param>
    /// <param name="progress">Told how far it is while the whole file has to be read.</param>
    public OpenedImage Open(
        SafeFileHandle image, string name, OpenOptions options, SafeFileHandle? password, Action<long, long> progress)
    {
        if (_image is not null)
        {
            image.Dispose();
            password?.Dispose();
            throw new ImagedException(ErrorKind.Busy, "this worker has an image open");
        }

        _password = password;
        WorkerFiles files = new(image, name, _directory, options.AllowOutside is true);
        _image = OpenedImage.Open(files, new ImageChoice(
            options.Format,
            options.Partition,
            options.FileSystem,
            options.Extensions,
            options.Session,
            options.Offset,
            options.Size,
            options.SectorSize)
        {
            Track = options.Track,
            Snapshot = options.Snapshot,
            Password = PasswordReader.Read(password),
            IndexStore = _cache is null ? null : new SeekIndexStore(_cache, image),
            Progress = progress,
        });
        return _image;
    }

    /// <summary>Serves the image on a FUSE connection from now on.</summary>
    public void Serve(SafeFileHandle device, SafeFileHandle journal, ServeParameters parameters)
    {
        if (_session is not null)
        {
            throw new ImagedException(ErrorKind.Busy, "this worker serves a connection already");
        }

        _device = device;
        _journalFile = journal;
        _journal = RequestJournal.Open(journal);
        _handler = CreateHandler(parameters.Plan);
        if (!parameters.Recover)
        {
            // The journal tells which request killed a worker, not which chunk was decoded ahead of it.
            _image!.StartReadAhead();
        }

        _session = new FuseSession(
            device,
            _handler,
            _journal,
            new FuseSessionOptions(parameters.Threads, parameters.Recover, Report: Report, Cache: _image!.Cache));
        _session.Completion.ContinueWith(_ => End(), TaskScheduler.Default);
        _session.Start();
    }

    /// <summary>Waits until the session, if there is one, has ended.</summary>
    public void WaitForEnd() => _session?.Completion.Wait();

    /// <summary>What a new daemon needs to hold this worker's connection for it: the FUSE device, the journal, the
    /// image, and its directory and the password when there are any, with their indices.</summary>
    public (HandoverReply Reply, IReadOnlyList<SafeFileHandle> Handles) Handover()
    {
        if (_device is null || _journalFile is null)
        {
            throw new ImagedException(ErrorKind.NothingToDo, "this worker serves nothing");
        }

        List<SafeFileHandle> handles = [_device, _journalFile, Image.Files.HandleOf(0)];
        HandoverReply reply = new()
        {
            State = "serving",
            Directory = Add(handles, _directory),
            Password = Add(handles, _password),
        };
        return (reply, handles);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session?.Dispose();
        (_handler as IDisposable)?.Dispose();
        _tree?.Dispose();
        _image?.Dispose();
        _journal?.Dispose();
        _journalFile?.Dispose();
        _device?.Dispose();
        _password?.Dispose();
        _endSender.Dispose();
        Ended.Dispose();
    }

    private void End()
    {
        _endSender.Shutdown();
        Connection?.Shutdown();
    }

    private static int? Add(List<SafeFileHandle> handles, SafeFileHandle? handle)
    {
        if (handle is null)
        {
            return null;
        }

        handles.Add(handle);
        return handles.Count - 1;
    }

    private static void Report(FuseFailure failure) => Console.Error.WriteLine(
        $"imaged-worker: {failure.Opcode} of node {failure.Node}: "
        + $"{failure.Error?.Message ?? "it killed a worker before"}");

    private IFuseHandler CreateHandler(AttachPlan plan)
    {
        if (plan.Kind == PlanKind.FuseTree)
        {
            return new TreeHandler(Tree, new TreeHandlerOptions());
        }

        // A partition that was chosen is served alone; a volume that is to be mounted, too.
        BlockSource content = plan.KernelType is null ? Image.ChooseDevice() : Image.ChooseVolume().Content;
        byte[] name = Encoding.UTF8.GetBytes(Image.Files.Opened[0].Name);
        return new DiskFileHandler(PaddedSource.Create(content, plan.Size), name);
    }
}
