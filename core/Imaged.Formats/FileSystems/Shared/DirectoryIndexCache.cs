namespace Imaged.Formats.Shared;

/// <summary>The indices of the directories used last, bounded in bytes. Thread-safe.</summary>
/// <typeparam name="TContent">As in <see cref="DirectoryIndex{TContent}"/>.</typeparam>
internal sealed class DirectoryIndexCache<TContent>
{
    // The largest directory that is accepted takes less than half of it.
    private const long Capacity = 64 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, LinkedListNode<(ulong Id, DirectoryIndex<TContent> Index)>> _entries = [];
    private readonly LinkedList<(ulong Id, DirectoryIndex<TContent> Index)> _recent = new();
    private long _bytes;

    /// <summary>The index of a directory: the one that is held, or a new one.</summary>
    /// <param name="id">The directory's id.</param>
    /// <param name="make">Reads the directory; may run for one directory in several threads at once.</param>
    public DirectoryIndex<TContent> Get(ulong id, Func<ulong, DirectoryIndex<TContent>> make)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(id, out LinkedListNode<(ulong Id, DirectoryIndex<TContent> Index)>? node))
            {
                _recent.Remove(node);
                _recent.AddLast(node);
                return node.Value.Index;
            }
        }

        DirectoryIndex<TContent> index = make(id);
        lock (_lock)
        {
            if (!_entries.ContainsKey(id))
            {
                _entries.Add(id, _recent.AddLast((id, index)));
                _bytes += index.MemoryBytes;
                while (_bytes > Capacity && _recent.First is { } oldest)
                {
                    _recent.RemoveFirst();
                    _entries.Remove(oldest.Value.Id);
                    _bytes -= oldest.Value.Index.MemoryBytes;
                }
            }
        }

        return index;
    }
}
