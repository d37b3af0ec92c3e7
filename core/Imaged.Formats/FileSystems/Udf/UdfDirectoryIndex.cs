namespace Imaged.Formats.Udf;

/// <summary>Finds names of a directory without reading all of it: hashes of the names, each with the byte offset of its
/// descriptor, sorted.</summary>
internal sealed class UdfDirectoryIndex
{
    // Upper half: hash; lower half: byte offset in the directory.
    private readonly ulong[] _entries;

    private UdfDirectoryIndex(UdfFileSource content, ulong[] entries)
    {
        Content = content;
        _entries = entries;
    }

    /// <summary>Content of the directory.</summary>
    public UdfFileSource Content { get; }

    /// <summary>Memory that the index takes, in bytes.</summary>
    public long MemoryBytes => 256 + Content.MemoryBytes + (_entries.Length * 8L);

    /// <summary>Reads the whole directory once.</summary>
    public static UdfDirectoryIndex Build(UdfFileSource content, UdfDirectoryReader reader)
    {
        List<ulong> entries = [];
        while (reader.TryRead(out UdfName name))
        {
            if (name.IsFile && UdfText.ToFileName(name.Raw) is { Length: > 0 } text)
            {
                entries.Add(Hash(text) | (uint)name.Offset);
            }
        }

        ulong[] sorted = [.. entries];
        Array.Sort(sorted);
        return new(content, sorted);
    }

    /// <summary>Byte offsets of the descriptors whose name has the same hash, those before
    /// <paramref name="from"/> left out.</summary>
    /// <param name="name">The name.</param>
    /// <param name="from">Where to begin; 0 for the first.</param>
    /// <returns>The lowest such offset; -1 when there is none.</returns>
    public long Find(ReadOnlySpan<byte> name, long from)
    {
        ulong hash = Hash(name);
        int index = Array.BinarySearch(_entries, hash | (uint)from);
        index = index < 0 ? ~index : index;
        return index < _entries.Length && _entries[index] >> 32 == hash >> 32
            ? (long)(_entries[index] & uint.MaxValue)
            : -1;
    }

    // Seeded anew in each process, so that no image can choose names that collide.
    private static ulong Hash(ReadOnlySpan<byte> name)
    {
        HashCode hash = default;
        hash.AddBytes(name);
        return (ulong)unchecked((uint)hash.ToHashCode()) << 32;
    }
}
