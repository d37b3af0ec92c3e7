using Imaged.Blocks;
using Imaged.Fuse.Abi;

namespace Imaged.Fuse.Session;

/// <summary>How to serve a connection.</summary>
/// <param name="Threads">Threads that serve; each blocks for as long as its request takes.</param>
/// <param name="Recover">Another process served this connection and is dead: the requests that it had taken are
/// answered first, from the journal.</param>
/// <param name="MaxPages">Largest READ in pages of 4 KiB. More than 256 is cut by the kernel
/// (<c>fs.fuse.max_pages_limit</c>) and gains nothing.</param>
/// <param name="MaxAttempts">How often a request may kill its process before it is answered with EIO unserved.</param>
/// <param name="Cache">The cache of blocks that is used; what it does is counted in the journal. Null for none.</param>
/// <param name="Report">Told of every exception that a handler threw, on the thread that served; must be quick.</param>
public sealed record FuseSessionOptions(
    int Threads, bool Recover = false, int MaxPages = 256, int MaxAttempts = 2, Action<FuseFailure>? Report = null,
    BlockCache? Cache = null)
{
    /// <summary>One more than there are processors, at most four; more help only where the source is slow.</summary>
    public static int DefaultThreads => Math.Clamp(Environment.ProcessorCount + 1, 2, 4);
}

/// <summary>A request that ended in an exception.</summary>
/// <param name="Opcode">What was asked.</param>
/// <param name="Node">Of which node.</param>
/// <param name="Status">What was answered.</param>
/// <param name="Error">The exception; null when the request was not served because it had killed its process
/// before.</param>
public readonly record struct FuseFailure(FuseOpcode Opcode, ulong Node, FuseStatus Status, Exception? Error);

/// <summary>Why a session ended.</summary>
public enum FuseSessionEnd
{
    /// <summary>The file system was unmounted.</summary>
    Unmounted,

    /// <summary>The connection was aborted.</summary>
    Aborted,

    /// <summary><see cref="FuseSession.Stop"/> was called; the connection goes on.</summary>
    Stopped,

    /// <summary>The device reported an error that has no other meaning, or the protocol is too old.</summary>
    Failed,
}

/// <summary>What a session has done so far.</summary>
/// <param name="Requests">Requests answered.</param>
/// <param name="Reads">READ requests among them.</param>
/// <param name="BytesRead">Bytes of file content delivered.</param>
/// <param name="Errors">Requests that ended in an exception or could not be answered.</param>
/// <param name="Replayed">Requests of a dead process that were answered.</param>
/// <param name="Poisoned">Requests that were answered with EIO because they had killed their process before.</param>
/// <param name="AllocatedBytes">Managed memory that the serving threads allocated while they served.</param>
public readonly record struct FuseSessionCounters(
    long Requests, long Reads, long BytesRead, long Errors, long Replayed, long Poisoned, long AllocatedBytes)
{
    internal FuseSessionCounters Add(in FuseSessionCounters other) => new(
        Requests + other.Requests,
        Reads + other.Reads,
        BytesRead + other.BytesRead,
        Errors + other.Errors,
        Replayed + other.Replayed,
        Poisoned + other.Poisoned,
        AllocatedBytes + other.AllocatedBytes);
}
