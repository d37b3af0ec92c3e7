using System.Diagnostics;

namespace Imaged.Blocks;

/// <summary>The one cache of decoded or otherwise dear blocks: bounded in bytes, shared by any number of sources, with
/// single-flight fills (of two readers of a missing block one fills it and the other waits). Thread-safe. A hit
/// allocates nothing.</summary>
/// <remarks>The bound counts block buffers; a block in use is never evicted, so for as long as a read lasts each
/// thread can hold one block above it.</remarks>
public sealed class BlockCache
{
    private readonly object _lock = new();
    private readonly Dictionary<Key, Entry> _entries = [];
    private readonly LinkedList<Entry> _recent = new();
    private readonly long _capacity;
    private long _bytes;
    private int _lastOwner;

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

    /// <summary>Bytes held now, in use or not.</summary>
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
        Entry entry = Pin(new Key(owner, block), length);
        try
        {
            if (!Volatile.Read(ref entry.Filled))
            {
                lock (entry)
                {
                    if (!entry.Filled)
                    {
                        fill(state, block, entry.Bytes.AsSpan(0, length));
                        Volatile.Write(ref entry.Filled, true);
                    }
                }
            }

            entry.Bytes.AsSpan(offset, destination.Length).CopyTo(destination);
        }
        finally
        {
            Unpin(entry);
        }
    }

    /// <summary>Forgets the blocks of one owner that are not in use.</summary>
    public void Forget(int owner)
    {
        lock (_lock)
        {
            for (LinkedListNode<Entry>? node = _recent.First; node is not null;)
            {
                LinkedListNode<Entry>? next = node.Next;
                if (node.Value.Key.Owner == owner && node.Value.Pins == 0)
                {
                    Remove(node.Value);
                }

                node = next;
            }
        }
    }

    private Entry Pin(Key key, int length)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out Entry? entry))
            {
                Debug.Assert(entry.Bytes.Length == length, "a block has one length");
                _recent.Remove(entry.Node);
            }
            else
            {
                entry = new Entry(key, GC.AllocateUninitializedArray<byte>(length));
                _entries.Add(key, entry);
                _bytes += length;
                Evict();
            }

            _recent.AddLast(entry.Node);
            entry.Pins++;
            return entry;
        }
    }

    private void Unpin(Entry entry)
    {
        lock (_lock)
        {
            entry.Pins--;
            if (entry.Pins == 0 && !entry.Filled)
            {
                Remove(entry);
            }

            Evict();
        }
    }

    private void Evict()
    {
        LinkedListNode<Entry>? node = _recent.First;
        while (_bytes > _capacity && node is not null)
        {
            LinkedListNode<Entry>? next = node.Next;
            if (node.Value.Pins == 0)
            {
                Remove(node.Value);
            }

            node = next;
        }
    }

    private void Remove(Entry entry)
    {
        if (_entries.Remove(entry.Key))
        {
            _recent.Remove(entry.Node);
            _bytes -= entry.Bytes.Length;
        }
    }

    private readonly record struct Key(int Owner, long Block);

    private sealed class Entry
    {
        public readonly Key Key;
        public readonly byte[] Bytes;
        public readonly LinkedListNode<Entry> Node;
        public int Pins;
        public bool Filled;

        public Entry(Key key, byte[] bytes)
        {
            Key = key;
            Bytes = bytes;
            Node = new LinkedListNode<Entry>(this);
        }
    }
}
