using System.IO.Hashing;
using Imaged.Formats.Model;

namespace Imaged.Formats.Shared;

/// <summary>Where the names of one directory stand, so that a look-up need not read all of it: a hash of each name with
/// a position in the directory, sorted. Immutable.</summary>
/// <typeparam name="TContent">What it takes to read the directory at a position.</typeparam>
internal sealed class DirectoryIndex<TContent>
{
    // Chosen anew in each process, so that no image can be made for collisions.
    private static readonly long Seed = Random.Shared.NextInt64();

    private readonly ulong[] _hashes;
    private readonly uint[] _positions;
    private readonly long _contentBytes;

    /// <summary>Makes the index.</summary>
    /// <param name="content">How to read the directory.</param>
    /// <param name="contentBytes">Memory that <paramref name="content"/> takes.</param>
    /// <param name="names">Hash and position of each name, in any order.</param>
    /// <param name="damage">What ended the reading early; null when all names are there.</param>
    /// <param name="hidesEquals">Whether of names with one hash only the first one counts: equal hashes are taken for
    /// equal names then (of 2 million names, the chance that two differ is one in ten million).</param>
    public DirectoryIndex(
        TContent content,
        long contentBytes,
        List<(ulong Hash, uint Position)> names,
        ImageFormatException? damage,
        bool hidesEquals = false)
    {
        Content = content;
        Damage = damage;
        _contentBytes = contentBytes;
        _hashes = new ulong[names.Count];
        _positions = new uint[names.Count];
        for (int i = 0; i < _hashes.Length; i++)
        {
            (_hashes[i], _positions[i]) = names[i];
        }

        Array.Sort(_hashes, _positions);
        for (int first = 0, end; first < _hashes.Length; first = end)
        {
            for (end = first + 1; end < _hashes.Length && _hashes[end] == _hashes[first]; end++)
            {
            }

            Array.Sort(_positions, first, end - first);
            for (int i = first + 1; hidesEquals && i < end; i++)
            {
                Hidden ??= [];
                Hidden.Add(_positions[i]);
            }
        }
    }

    /// <summary>How to read the directory.</summary>
    public TContent Content { get; }

    /// <summary>Positions of the names that an earlier one hides; null when there are none.</summary>
    public HashSet<uint>? Hidden { get; }

    /// <summary>Why not all names are here; null when they are.</summary>
    public ImageFormatException? Damage { get; }

    /// <summary>Memory that the index takes, about, in bytes.</summary>
    public long MemoryBytes => 256 + _contentBytes + (_hashes.Length * 12L) + ((Hidden?.Count ?? 0) * 16L);

    /// <summary>Hash of a name that is compared byte by byte.</summary>
    public static ulong Hash(ReadOnlySpan<byte> name) => XxHash3.HashToUInt64(name, Seed);

    /// <summary>Positions of what has this hash, one after the other.</summary>
    /// <param name="hash">Hash of a name.</param>
    /// <param name="from">Where to begin: 0, or one more than the position before.</param>
    /// <returns>The lowest such position; -1 when there is none.</returns>
    public long Find(ulong hash, long from)
    {
        int low = 0;
        int high = _hashes.Length;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (_hashes[middle] < hash || (_hashes[middle] == hash && _positions[middle] < from))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < _hashes.Length && _hashes[low] == hash ? _positions[low] : -1;
    }

    /// <summary>Ends a look-up that found nothing: what was not read may have had the name.</summary>
    /// <param name="format">Whose directory it is.</param>
    /// <exception cref="ImageFormatException">The directory is damaged.</exception>
    public void ThrowIfDamaged(string format)
    {
        if (Damage is { } damage)
        {
            ImageFormatException.Throw(format, damage.Offset, "the directory is damaged");
        }
    }
}
