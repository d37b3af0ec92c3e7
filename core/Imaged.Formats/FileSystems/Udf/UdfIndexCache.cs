namespace Imaged.Formats.Udf;

/// <summary>The indices of the directories used last, bounded in bytes. Thread-safe.</summary>
internal sealed class UdfIndexCache
{
    // The index of the largest directory that is read has 27 MiB.
    private const long Capacity = 32 << 20;

    private readonly object _lock = new();
    private readonly Dictionary<ulong, LinkedListNode<(ulong Id, UdfDirectoryIndex Index)>> _entries = [];
    private readonly LinkedList<(ulong Id, UdfDirectoryIndex Index)> _recent = new();
    private long _bytes;

    /// <summary>The index of a directory, or null when it is not held.</summary>
    public UdfDirectoryIndex? Find(ulong directory)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(directory, out LinkedListNode<(ulong Id, UdfDirectoryIndex Index)>? node))
            {
                return null;
            }

            _recent.Remove(node);
            _recent.AddLast(node);
            return node.Value.Index;
        }
    }

    /// <summary>Keeps an index, and drops others for it.</summary>
    public void Add(ulong directory, UdfDirectoryIndex index)
    {
        lock (_lock)
        {
            if (_entries.ContainsKey(directory))
            {
                return;
            }

            _entries.Add(directory, _recent.AddLast((directory, index)));
            _bytes += index.MemoryBytes;
            while (_bytes > Capacity && _recent.First is { } oldest)
            {
                _recent.RemoveFirst();
                _entries.Remove(oldest.Value.Id);
                _bytes -= oldest.Value.Index.MemoryBytes;
            }
        }
    }
}
