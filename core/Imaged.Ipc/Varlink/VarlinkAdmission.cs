namespace Imaged.Ipc.Varlink;

/// <summary>Counts what each user has, so that none can take everything.</summary>
internal sealed class VarlinkAdmission(VarlinkLimits limits)
{
    private const int KeptForRoot = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, (int Connections, int Calls)> _users = [];
    private int _connections;

    public bool TryConnect(uint uid)
    {
        lock (_lock)
        {
            (int connections, int calls) = _users.GetValueOrDefault(uid);
            int total = uid == 0 ? limits.Connections : limits.Connections - KeptForRoot;
            if (_connections >= total || (uid != 0 && connections >= limits.ConnectionsPerUser))
            {
                return false;
            }

            _users[uid] = (connections + 1, calls);
            _connections++;
            return true;
        }
    }

    public void Disconnect(uint uid)
    {
        lock (_lock)
        {
            (int connections, int calls) = _users[uid];
            Set(uid, connections - 1, calls);
            _connections--;
        }
    }

    public bool TryCall(uint uid)
    {
        lock (_lock)
        {
            (int connections, int calls) = _users.GetValueOrDefault(uid);
            if (uid != 0 && calls >= limits.CallsPerUser)
            {
                return false;
            }

            _users[uid] = (connections, calls + 1);
            return true;
        }
    }

    public void EndCall(uint uid)
    {
        lock (_lock)
        {
            (int connections, int calls) = _users[uid];
            Set(uid, connections, calls - 1);
        }
    }

    private void Set(uint uid, int connections, int calls)
    {
        if (connections == 0 && calls == 0)
        {
            _users.Remove(uid);
        }
        else
        {
            _users[uid] = (connections, calls);
        }
    }
}
