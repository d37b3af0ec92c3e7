using System.Collections.Concurrent;
using Imaged.Formats.Images.Compressed;
using Imaged.Formats.Model;

namespace Imaged.Conformance.Compressed;

/// <summary>Keeps indexes in memory, and lets them be looked at and changed.</summary>
internal sealed class MemoryStore : ISeekIndexStore
{
    /// <summary>What was saved, by key.</summary>
    public ConcurrentDictionary<string, byte[]> Saved { get; } = new();

    /// <summary>How often something was found.</summary>
    public int Found { get; private set; }

    /// <summary>Whether spools can be had.</summary>
    public bool HasSpool { get; init; } = true;

    /// <inheritdoc/>
    public byte[]? TryLoad(ReadOnlySpan<byte> key)
    {
        bool found = Saved.TryGetValue(Convert.ToHexString(key), out byte[]? index);
        Found += found ? 1 : 0;
        return index;
    }

    /// <inheritdoc/>
    public void Save(ReadOnlySpan<byte> key, ReadOnlySpan<byte> index) =>
        Saved[Convert.ToHexString(key)] = index.ToArray();

    /// <inheritdoc/>
    public ISpool? TryCreateSpool() => HasSpool ? new MemorySpool() : null;
}
