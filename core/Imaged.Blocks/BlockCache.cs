using System.Diagnostics;

namespace Imaged.Blocks;

/// <summary>The one cache of decoded or otherwise dear blocks: bounded in bytes, shared by any number of sources, with
/// single-flight fills (of two readers of a missing block one fills it and the other waits). Thread-safe. A hit
/// allocates nothing.</summary>
/// <remarks>The bound counts block buffers; a block in use is never evicted, so for as long as a read lasts each
/// thread can hold one block above it. Nor is the block that was read last, however long it is: reads that go through
/// a long block piece by piece must not fill it for each. Blocks that are filled ahead of their readers have a bound of
/// their own, <see cref="ReadAhead.MaxBytes"/>, until they are read.</remarks>
public sealed class BlockCache
{
    // Buffers of evicted blocks that are kept for the next ones, in bytes and in number; but one of any length, which
    // the block that evicted it takes next.
    private const long MaxSpareBytes = 4 << 20;
    private const int MaxSpares = 64;

    private readonly object _lock = new();
    private readonly Dictionary<BlockKey, CacheEntry> _entries = [];
    private readonly HashSet<BlockKey> _passing = [];
    private readonly LinkedList<CacheEntry> _recent = new();
    private readonly LinkedList<CacheEntry> _ahead = new();
    private readonly List<byte[]> _spares = new(MaxSpares);
    private readonly long _capacity;
    private long _bytes;
    private long _aheadBytes;
    private long _spareBytes;
    private int _lastOwner;
    private long _hits;
    private long _misses;
    private volatile ReadAhead? _reader;

    /// <summary>A cache that keeps at most <paramref name="capacity"/> bytes of blocks that nobody uses.</summary>
    public BlockCache(long capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        _capacity = capacity;
    }

    /// <summary>Fills a block.</summary>
    /// <typeparam name="TState">What the filler needs; passed through so that no closure is made.</typeparam>
    /// <param name="state">As given to <see cref="Read"/>.</param>
    /// <param name="block">Index of the block.</param>
    /// <param name="destination">To be filled completely.</param>
    public delegate void Filler<in TState>(TState state, long block, Span<byte> destination);

    /// <summary>Bytes held now, in use or not, for blocks that have been read.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Bytes held or promised now for blocks that nobody has read yet.</summary>
    public long BytesAhead
    {
        get
        {
            lock (_lock)
            {
                return _aheadBytes;
            }
        }
    }

    /// <summary>What fills blocks ahead of their readers; null for nothing.</summary>
    internal ReadAhead? Reader
    {
        get => _reader;
        set => _reader = value;
    }

    /// <summary>How often a block that was read was held, or had to be filled first, since this was asked last; each is
    /// told once.</summary>
    /// <returns>False when there is nothing to tell.</returns>
    public bool TakeCounts(out long hits, out long misses)
    {
        hits = 0;
        misses = 0;
        if (Volatile.Read(ref _hits) == 0 && Volatile.Read(ref _misses) == 0)
        {
            return false;
        }

        lock (_lock)
        {
            (hits, misses) = (_hits, _misses);
            (_hits, _misses) = (0, 0);
            return true;
        }
    }

    /// <summary>A number that tells the blocks of one source from those of all others.</summary>
    public int NewOwner() => Interlocked.Increment(ref _lastOwner);

    /// <summary>Copies a part of block <paramref name="block"/> to <paramref name="destination"/>, filling the block
    /// first when it is not held. When the filler throws, its exception passes and nothing is kept.</summary>
    /// <param name="owner">From <see cref="NewOwner"/>.</param>
    /// <param name="block">Index of the block.</param>
    /// <param name="length">Length of that block in bytes; always the same for the same block.</param>
    /// <param name="offset">Byte offset inside the block.</param>
    /// <param name="destination">Where to; offset + its length is at most <paramref name="length"/>.</param>
    /// <param name="state">Handed to <paramref name="fill"/>.</param>
    /// <param name="fill">Fills a block; a static lambda keeps the path free of allocation.</param>
    public void Read<TState>(
        int owner, long block, int length, int offset, Span<byte> destination, TState state, Filler<TState> fill)
    {
        CacheEntry entry = Pin(new BlockKey(owner, block), length);
        try
        {
            Fill(entry, state, fill);
            entry.Bytes.AsSpan(offset, destination.Length).CopyTo(destination);
        }
        finally
        {
            Unpin(entry);
        }
    }

    /// <summary>Reads a whole block for somebody who does not come back for it: when it is not held it is filled
    /// straight into <paramref name="destination"/>, and when it was filled ahead it is not kept.</summary>
    /// <param name="owner">From <see cref="NewOwner"/>.</param>
    /// <param name="block">Index of the block.</param>
    /// <param name="destination">Where to; as long as the block.</param>
    /// <param name="state">Handed to <paramref name="fill"/>.</param>
    /// <param name="fill">Fills a block.</param>
    public void ReadOnce<TState>(
        int owner, long block, Span<byte> destination, TState state, Filler<TState> fill)
    {
        BlockKey key = new(owner, block);
        if (TryPass(key, out CacheEntry? entry, out bool isMarked))
        {
            try
            {
                fill(state, block, destination);
            }
            finally
            {
                if (isMarked)
                {
                    lock (_lock)
                    {
                        _passing.Remove(key);
                    }
                }
            }

            return;
        }

        try
        {
            Fill(entry!, state, fill);
            entry!.Bytes.CopyTo(destination);
            entry.IsRead = true;
        }
        finally
        {
            Unpin(entry!);
        }
    }

    /// <summary>Forgets the blocks of one owner that are not in use.</summary>
    public void Forget(int owner)
    {
        lock (_lock)
        {
            Forget(_recent, owner);
            Forget(_ahead, owner);
            if (_spareBytes > MaxSpareBytes)
            {
                _spares.Clear();
                _spareBytes = 0;
            }
        }
    }

    /// <summary>Promises to fill a block ahead of its readers. A reader that comes before fills it itself.</summary>
    /// <param name="owner">From <see cref="NewOwner"/>.</param>
    /// <param name="block">Index of the block.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="run">Of which run of reads it is the continuation: what was filled for others, and has not been
    /// read, makes room for it.</param>
    /// <param name="entry">When made, for <see cref="FillAhead"/> or <see cref="Release"/>, one of which must
    /// follow.</param>
    internal Reservation Reserve(int owner, long block, int length, long run, out CacheEntry? entry)
    {
        BlockKey key = new(owner, block);
        entry = null;
        lock (_lock)
        {
            if (_entries.ContainsKey(key) || _passing.Contains(key))
            {
                return Reservation.Needless;
            }

            if (!MakeRoomAhead(length, run))
            {
                return Reservation.Refused;
            }

            entry = new CacheEntry(key, length) { Run = run, Pins = 1 };
            _entries.Add(key, entry);
            _aheadBytes += length;
            _ahead.AddLast(entry.Node);
            return Reservation.Made;
        }
    }

    /// <summary>Keeps a promise, unless a reader has come before. What goes wrong is left to the block's reader, who
    /// tries it again.</summary>
    internal void FillAhead<TState>(CacheEntry entry, TState state, Filler<TState> fill)
    {
        bool isMine = false;
        try
        {
            Monitor.TryEnter(entry, ref isMine);
            if (isMine && !entry.Filled)
            {
                FillHeld(entry, state, fill);
            }
        }
        catch (Exception)
        {
            // Perhaps nobody ever reads this block.
        }
        finally
        {
            if (isMine)
            {
                Monitor.Exit(entry);
            }

            Release(entry);
        }
    }

    /// <summary>Takes a promise back.</summary>
    internal void Release(CacheEntry entry) => Unpin(entry);

    private void Fill<TState>(CacheEntry entry, TState state, Filler<TState> fill)
    {
        if (!Volatile.Read(ref entry.Filled))
        {
            lock (entry)
            {
                if (!entry.Filled)
                {
                    FillHeld(entry, state, fill);
                }
            }
        }
    }

    private void FillHeld<TState>(CacheEntry entry, TState state, Filler<TState> fill)
    {
        entry.Bytes ??= NewBuffer(entry.Length);
        fill(state, entry.Key.Block, entry.Bytes);
        Volatile.Write(ref entry.Filled, true);
    }

    // Whether a reader may fill the block past the cache, which is then marked so that nobody fills it ahead.
    private bool TryPass(BlockKey key, out CacheEntry? entry, out bool isMarked)
    {
        lock (_lock)
        {
            isMarked = false;
            if (_entries.TryGetValue(key, out entry))
            {
                entry.Pins++;
                _hits++;
                return false;
            }

            _misses++;
            isMarked = _reader is not null && _passing.Add(key);
            return true;
        }
    }

    private CacheEntry Pin(BlockKey key, int length)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out CacheEntry? entry))
            {
                entry = new CacheEntry(key, length);
                _entries.Add(key, entry);
                _bytes += length;
                _misses++;
            }
            else if (entry.Node.List == _recent)
            {
                _hits++;
                _recent.Remove(entry.Node);
            }
            else
            {
                _hits++;
                _ahead.Remove(entry.Node);
                _aheadBytes -= length;
                _bytes += length;
            }

            Debug.Assert(entry.Length == length, "a block has one length");
            _recent.AddLast(entry.Node);
            entry.Pins++;
            Evict();
            return entry;
        }
    }

    private void Unpin(CacheEntry entry)
    {
        lock (_lock)
        {
            entry.Pins--;
            if (entry.Pins == 0 && (!entry.Filled || (entry.IsRead && entry.Node.List == _ahead)))
            {
                Remove(entry);
            }

            Evict();
        }
    }

    private void Evict()
    {
        LinkedListNode<CacheEntry>? node = _recent.First;
        while (_bytes > _capacity && node is not null && node != _recent.Last)
        {
            LinkedListNode<CacheEntry>? next = node.Next;
            if (node.Value.Pins == 0)
            {
                Remove(node.Value);
            }

            node = next;
        }
    }

    private bool MakeRoomAhead(int length, long run)
    {
        LinkedListNode<CacheEntry>? node = _ahead.First;
        while (_aheadBytes + length > ReadAhead.MaxBytes && node is not null)
        {
            LinkedListNode<CacheEntry>? next = node.Next;
            if (node.Value.Run != run && node.Value.Pins == 0)
            {
                Remove(node.Value);
            }

            node = next;
        }

        return _aheadBytes + length <= ReadAhead.MaxBytes;
    }

    private void Forget(LinkedList<CacheEntry> list, int owner)
    {
        for (LinkedListNode<CacheEntry>? node = list.First; node is not null;)
        {
            LinkedListNode<CacheEntry>? next = node.Next;
            if (node.Value.Key.Owner == owner && node.Value.Pins == 0)
            {
                Remove(node.Value);
            }

            node = next;
        }
    }

    // Of an entry that nobody uses: its buffer goes to the next.
    private void Remove(CacheEntry entry)
    {
        if (!_entries.Remove(entry.Key))
        {
            return;
        }

        if (entry.Node.List == _recent)
        {
            _recent.Remove(entry.Node);
            _bytes -= entry.Length;
        }
        else
        {
            _ahead.Remove(entry.Node);
            _aheadBytes -= entry.Length;
        }

        if (entry.Bytes is { } buffer && _spares.Count < MaxSpares
            && (_spares.Count == 0 || _spareBytes + buffer.Length <= MaxSpareBytes))
        {
            _spares.Add(buffer);
            _spareBytes += buffer.Length;
        }
    }

    private byte[] NewBuffer(int length)
    {
        lock (_lock)
        {
            for (int i = _spares.Count - 1; i >= 0; i--)
            {
                byte[] buffer = _spares[i];
                if (buffer.Length == length)
                {
                    _spares.RemoveAt(i);
                    _spareBytes -= length;
                    return buffer;
                }
            }

            if (_spares.Count > 0)
            {
                // Of a length that is no longer asked for, perhaps.
                _spareBytes -= _spares[0].Length;
                _spares.RemoveAt(0);
            }
        }

        return GC.AllocateUninitializedArray<byte>(length);
    }
}
