namespace Imaged.Linux.Sockets;

/// <summary>Who is at the other end of a local socket, as the kernel recorded it when the connection was
/// made.</summary>
/// <param name="Uid">User id.</param>
/// <param name="Gid">Group id.</param>
/// <param name="Groups">Supplementary groups.</param>
/// <param name="Pid">Process id at that time; another process may have it now, so it is for messages only.</param>
public sealed record PeerCredentials(uint Uid, uint Gid, IReadOnlyList<uint> Groups, int Pid)
{
    /// <summary>When that process started, in clock ticks since boot, which tells it from a later one of its number; 0
    /// when it was gone already.</summary>
    public ulong Started { get; init; }

    /// <summary>Whether it is root.</summary>
    public bool IsRoot => Uid == 0;

    /// <summary>Whether the peer is in a group.</summary>
    public bool IsInGroup(uint gid) => Gid == gid || Groups.Contains(gid);
}
