using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Fuse.Handlers;

/// <summary>The files of a tree that are open, by node: bounded, the least recently used go first, those in use never.
/// Of two readers that miss one opens and the other waits. A hit allocates nothing. Thread-safe.</summary>
internal sealed class OpenFileCache : IDisposable
{
    private readonly FileTree _tree;
    private readonly int _capacity;
    private readonly object _lock = new();
    private readonly Dictionary<ulong, OpenFile> _files;
    private readonly OpenFile _oldest = new(0); // ring: Next of it is the oldest, Previous the newest

    public OpenFileCache(FileTree tree, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _tree = tree;
        _capacity = capacity;
        _files = new(capacity + 16);
        _oldest.Previous = _oldest;
        _oldest.Next = _oldest;
    }

    /// <summary>Files that are held open now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _files.Count;
            }
        }
    }

    /// <summary>The file of a node, opened if it is not; to be given back by <see cref="Release"/>.</summary>
    public OpenFile Acquire(ulong node)
    {
        OpenFile file = Pin(node);
        if (Volatile.Read(ref file.Content) is not null)
        {
            return file;
        }

        try
        {
            lock (file)
            {
                if (file.Content is null)
                {
                    Volatile.Write(ref file.Content, _tree.OpenFile(node));
                }
            }

            return file;
        }
        catch
        {
            Release(file);
            throw;
        }
    }

    /// <summary>Gives a file back.</summary>
    public void Release(OpenFile file)
    {
        OpenFile? evicted = null;
        lock (_lock)
        {
            file.Users--;
            if (file.Users == 0)
            {
                if (file.Content is null)
                {
                    Remove(file);
                }
                else if (_files.Count > _capacity)
                {
                    evicted = EvictOldest();
                }
            }
        }

        evicted?.Content?.Dispose();
    }

    /// <summary>Closes all files; nobody uses one any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (OpenFile file in _files.Values)
            {
                file.Content?.Dispose();
            }

            _files.Clear();
        }
    }

    private OpenFile Pin(ulong node)
    {
        OpenFile? evicted = null;
        OpenFile? file;
        lock (_lock)
        {
            if (_files.TryGetValue(node, out file))
            {
                Unlink(file);
            }
            else
            {
                file = new(node);
                _files.Add(node, file);
                if (_files.Count > _capacity)
                {
                    evicted = EvictOldest();
                }
            }

            file.Users++;
            file.Previous = _oldest.Previous;
            file.Next = _oldest;
            file.Previous.Next = file;
            _oldest.Previous = file;
        }

        evicted?.Content?.Dispose();
        return file;
    }

    // At most one, so that the walk past files in use is paid for by the files that made the cache too large.
    private OpenFile? EvictOldest()
    {
        for (OpenFile file = _oldest.Next; file != _oldest; file = file.Next)
        {
            if (file.Users == 0)
            {
                Remove(file);
                return file;
            }
        }

        return null;
    }

    private void Remove(OpenFile file)
    {
        _files.Remove(file.Node);
        Unlink(file);
    }

    private static void Unlink(OpenFile file)
    {
        file.Previous.Next = file.Next;
        file.Next.Previous = file.Previous;
    }

    /// <summary>An open file.</summary>
    internal sealed class OpenFile
    {
        public readonly ulong Node;
        public BlockSource? Content;
        public OpenFile Previous;
        public OpenFile Next;
        public int Users;

        public OpenFile(ulong node)
        {
            Node = node;
            Previous = this;
            Next = this;
        }
    }
}
