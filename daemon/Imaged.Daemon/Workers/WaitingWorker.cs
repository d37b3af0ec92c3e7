using Imaged.Linux.Sockets;

namespace Imaged.Daemon.Workers;

/// <summary>A worker whose unit runs and which waits to be told what to do.</summary>
/// <param name="Unit">Name of its unit.</param>
/// <param name="Connection">The connection that it made; when it is closed the worker ends.</param>
internal sealed record WaitingWorker(string Unit, UnixSocket Connection);
