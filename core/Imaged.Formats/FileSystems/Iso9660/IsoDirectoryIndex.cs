using System.IO.Hashing;
using Imaged.Formats.Model;

namespace Imaged.Formats.Iso9660;

/// <summary>Where the names of one directory stand: a hash of each visible name with the offset of its record. Of
/// several records with one name the first counts, the others are hidden.</summary>
internal sealed class IsoDirectoryIndex
{
    // Chosen anew in each process, so that no image can be made for collisions: equal hashes are taken for equal names
    // where names are hidden (of 2 million names, the chance is one in ten million). Ids do not depend on it.
    private static readonly long Seed = Random.Shared.NextInt64();

    private readonly ulong[] _hashes;
    private readonly uint[] _positions;

    private IsoDirectoryIndex(ulong[] hashes, uint[] positions, HashSet<uint>? hidden, ImageFormatException? damage)
    {
        _hashes = hashes;
        _positions = positions;
        Hidden = hidden;
        Damage = damage;
    }

    /// <summary>Positions of the records that another one with the same name hides; null when there are none.</summary>
    public HashSet<uint>? Hidden { get; }

    /// <summary>Why not all names are here; null when they are.</summary>
    public ImageFormatException? Damage { get; }

    /// <summary>Memory it takes, about.</summary>
    public long Bytes => 256 + (_hashes.Length * 12L) + ((Hidden?.Count ?? 0) * 16L);

    /// <summary>Makes the index.</summary>
    /// <param name="names">Hash of each name and position of its record in the directory, in the order of
    /// positions.</param>
    /// <param name="damage">What ended the reading early.</param>
    public static IsoDirectoryIndex Make(List<(ulong Hash, uint Position)> names, ImageFormatException? damage)
    {
        ulong[] hashes = new ulong[names.Count];
        uint[] positions = new uint[names.Count];
        for (int i = 0; i < hashes.Length; i++)
        {
            (hashes[i], positions[i]) = names[i];
        }

        Array.Sort(hashes, positions);
        HashSet<uint>? hidden = null;
        for (int i = 1, first = 0; i < hashes.Length; i++)
        {
            if (hashes[i] != hashes[first])
            {
                first = i;
                continue;
            }

            // The sort is not stable: keep the smallest position in front of its equals.
            if (positions[i] < positions[first])
            {
                (positions[i], positions[first]) = (positions[first], positions[i]);
            }

            hidden ??= [];
            hidden.Add(positions[i]);
        }

        return new(hashes, positions, hidden, damage);
    }

    /// <summary>Hash of a name.</summary>
    public static ulong Hash(ReadOnlySpan<byte> name) => XxHash3.HashToUInt64(name, Seed);

    /// <summary>Position of the record that may have this name; -1 when there is none.</summary>
    public long Find(ReadOnlySpan<byte> name)
    {
        int i = Array.BinarySearch(_hashes, Hash(name));
        if (i < 0)
        {
            return -1;
        }

        while (i > 0 && _hashes[i - 1] == _hashes[i])
        {
            i--;
        }

        return _positions[i];
    }
}

/// <summary>The indices used last, bounded in bytes. Thread-safe.</summary>
internal sealed class IsoDirectoryIndexCache
{
    // The largest directory that is accepted takes less than half of it.
    private const long Capacity = 64 << 20;

    private readonly Dictionary<IsoDirectory, LinkedListNode<(IsoDirectory Key, IsoDirectoryIndex Index)>> _entries = [];
    private readonly LinkedList<(IsoDirectory Key, IsoDirectoryIndex Index)> _recent = new();
    private long _bytes;

    /// <summary>The index of a directory, or null.</summary>
    public IsoDirectoryIndex? Get(IsoDirectory directory)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(directory, out LinkedListNode<(IsoDirectory, IsoDirectoryIndex Index)>? node))
            {
                return null;
            }

            _recent.Remove(node);
            _recent.AddLast(node);
            return node.Value.Index;
        }
    }

    /// <summary>Keeps an index.</summary>
    public void Add(IsoDirectory directory, IsoDirectoryIndex index)
    {
        lock (_entries)
        {
            if (_entries.ContainsKey(directory))
            {
                return;
            }

            _entries.Add(directory, _recent.AddLast((directory, index)));
            _bytes += index.Bytes;
            while (_bytes > Capacity && _recent.First is { } oldest)
            {
                _recent.RemoveFirst();
                _entries.Remove(oldest.Value.Key);
                _bytes -= oldest.Value.Index.Bytes;
            }
        }
    }
}
