using System.Collections.Concurrent;
using Imaged.Fuse;
using Imaged.Fuse.Session;
using Imaged.Linux.Fuse;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Conformance.Fuse;

/// <summary>A mount with a session that serves it.</summary>
internal sealed class ServedMount : IDisposable
{
    private readonly List<SafeFileHandle> _clones = [];
    private readonly SafeFileHandle _journalFile;
    private readonly RequestJournal _journal;

    public ServedMount(IFuseHandler handler, int threads = 2, bool clone = false)
    {
        Mount = new FuseMount();
        while (clone && _clones.Count < threads - 1)
        {
            _clones.Add(FuseDevice.Clone(Mount.Device));
        }

        _journalFile = RequestJournal.CreateFile(threads);
        _journal = RequestJournal.Open(_journalFile);
        Session = new FuseSession(
            [Mount.Device, .. _clones], handler, _journal, new FuseSessionOptions(threads, Report: Failures.Add));
        Session.Start();
        Session.Ready.Wait();
        FuseTuning.SetReadAhead(Mount.Major, Mount.Minor, FuseTuning.RecommendedReadAheadKib);
    }

    public FuseMount Mount { get; }

    public FuseSession Session { get; }

    public ConcurrentBag<FuseFailure> Failures { get; } = [];

    public string this[string name] => Mount[name];

    public void Dispose()
    {
        Mount.Dispose();
        Session.Completion.Wait();
        Session.Dispose();
        _journal.Dispose();
        _journalFile.Dispose();
        _clones.ForEach(clone => clone.Dispose());
    }
}
