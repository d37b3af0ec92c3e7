using Imaged.Formats.Model;

namespace Imaged.Fuse.Handlers;

/// <summary>Listings that have been begun, so that the next request goes on where the last one ended instead of finding
/// the place again. Only a cache: a listing that is not here is begun from its cookie. Thread-safe.</summary>
internal sealed class DirectoryCursors : IDisposable
{
    private readonly FileTree _tree;
    private readonly object _lock = new();
    private readonly Cursor?[] _kept;
    private int _next;

    public DirectoryCursors(FileTree tree, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _tree = tree;
        _kept = new Cursor?[capacity];
    }

    /// <summary>The listing of a directory from a cookie on. It is the caller's until it is given back.</summary>
    /// <param name="directory">The tree's id of it.</param>
    /// <param name="cookie">The tree's cookie.</param>
    public Cursor Take(ulong directory, long cookie)
    {
        lock (_lock)
        {
            for (int i = 0; i < _kept.Length; i++)
            {
                if (_kept[i] is { } kept && kept.Directory == directory && kept.Cookie == cookie)
                {
                    _kept[i] = null;
                    return kept;
                }
            }
        }

        return new(directory, cookie, _tree.ReadDirectory(directory, cookie).GetEnumerator());
    }

    /// <summary>Keeps a listing for the request that will go on with it.</summary>
    public void GiveBack(Cursor cursor)
    {
        Cursor? evicted;
        lock (_lock)
        {
            int place = Array.IndexOf(_kept, null);
            if (place < 0)
            {
                place = _next;
                _next = (_next + 1) % _kept.Length;
            }

            evicted = _kept[place];
            _kept[place] = cursor;
        }

        evicted?.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            for (int i = 0; i < _kept.Length; i++)
            {
                _kept[i]?.Dispose();
                _kept[i] = null;
            }
        }
    }

    /// <summary>A place in a listing.</summary>
    internal sealed class Cursor : IDisposable
    {
        private readonly IEnumerator<DirectoryEntry> _entries;
        private bool _atEntry;
        private bool _ended;

        public Cursor(ulong directory, long cookie, IEnumerator<DirectoryEntry> entries)
        {
            Directory = directory;
            Cookie = cookie;
            _entries = entries;
        }

        public ulong Directory { get; }

        /// <summary>The cookie that leads to the current entry.</summary>
        public long Cookie { get; private set; }

        /// <summary>The entry at this place; null at the end.</summary>
        public DirectoryEntry? Peek()
        {
            if (!_atEntry && !_ended)
            {
                _atEntry = _entries.MoveNext();
                _ended = !_atEntry;
            }

            return _ended ? null : _entries.Current;
        }

        /// <summary>Goes on behind the entry that <see cref="Peek"/> showed.</summary>
        public void Advance()
        {
            Cookie = _entries.Current.NextCookie;
            _atEntry = false;
        }

        public void Dispose() => _entries.Dispose();
    }
}
