using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Workers;

/// <summary>Whose rights a worker gets.</summary>
/// <param name="Uid">User.</param>
/// <param name="Gid">Group.</param>
/// <param name="Groups">Supplementary groups.</param>
internal sealed record WorkerIdentity(uint Uid, uint Gid, IReadOnlyList<uint> Groups);

/// <summary>Starts workers.</summary>
internal interface IWorkerLauncher : IDisposable
{
    /// <summary>Called with attachment id and process when a worker has ended.</summary>
    event Action<string, ChildProcess>? Ended;

    /// <summary>Starts a worker.</summary>
    /// <param name="id">Id of the attachment that it is for.</param>
    /// <param name="identity">Whose rights it gets.</param>
    /// <param name="directory">The image's directory; null when siblings cannot be opened.</param>
    /// <param name="isUrgent">Whether readers wait for it already.</param>
    WorkerProcess Start(string id, WorkerIdentity identity, SafeFileHandle? directory, bool isUrgent);

    /// <summary>Whether anything is there that an urgent worker may be needed for: one is kept ready.</summary>
    void KeepSpare(bool isWanted);

    /// <summary>Connects to a worker that a daemon before this one started; null when it is gone. One that lives but
    /// cannot be reached is killed.</summary>
    WorkerProcess? Adopt(string id, int pid, ulong started);

    /// <summary>Removes what is left of a worker that has ended.</summary>
    void Forget(string id);
}
