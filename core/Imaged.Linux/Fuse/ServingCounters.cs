using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Linux.Fuse;

/// <summary>What the workers of a connection have done, one after the other. They count in the file of the request
/// journal, each thread in its own slot, so that no thread waits for another one; whoever has the file reads the counts
/// without asking, and without waiting for, a worker.</summary>
/// <param name="Reads">Reads that were answered.</param>
/// <param name="BytesRead">Bytes of files delivered.</param>
/// <param name="Errors">Requests that ended in an error of the reader.</param>
/// <param name="CacheHits">Decoded blocks that were at hand.</param>
/// <param name="CacheMisses">Blocks that had to be decoded.</param>
public readonly record struct ServingCounters(
    long Reads, long BytesRead, long Errors, long CacheHits, long CacheMisses)
{
    /// <summary>Bytes of the journal before its first slot.</summary>
    public const int HeaderLength = 4096;

    /// <summary>Bytes of a slot.</summary>
    public const int SlotLength = 16384;

    /// <summary>Where in a slot its reads, bytes and errors are counted, 64 bits each.</summary>
    public const int SlotOffset = 8;

    /// <summary>Where in the header hits and misses of the cache are counted, 64 bits each.</summary>
    public const int CacheOffset = 2048;

    /// <summary>Slots that are looked at: as many as a connection has threads at most.</summary>
    public const int MaxSlots = 64;

    // A worker may write what it likes, and make its file as long as it likes: numbers that no disk can have are not
    // believed.
    private const long Limit = 1L << 53;

    /// <summary>Adds two of them.</summary>
    public static ServingCounters operator +(ServingCounters a, ServingCounters b) => new(
        Add(a.Reads, b.Reads),
        Add(a.BytesRead, b.BytesRead),
        Add(a.Errors, b.Errors),
        Add(a.CacheHits, b.CacheHits),
        Add(a.CacheMisses, b.CacheMisses));

    /// <summary>Reads the counts of a connection.</summary>
    /// <param name="journal">Its request journal.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ServingCounters Read(SafeFileHandle journal)
    {
        Span<long> numbers = stackalloc long[3];
        Span<byte> bytes = MemoryMarshal.AsBytes(numbers);
        ServingCounters sum = default;
        long length = Math.Min(RandomAccess.GetLength(journal), HeaderLength + (MaxSlots * SlotLength));
        for (long slot = HeaderLength; slot + SlotLength <= length; slot += SlotLength)
        {
            Fill(journal, bytes, slot + SlotOffset);
            sum += new ServingCounters(Believed(numbers[0]), Believed(numbers[1]), Believed(numbers[2]), 0, 0);
        }

        Fill(journal, bytes[..(2 * sizeof(long))], CacheOffset);
        return sum with { CacheHits = Believed(numbers[0]), CacheMisses = Believed(numbers[1]) };
    }

    // Of numbers that are not negative; many workers that lie must not make a sum fall.
    private static long Add(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;

    private static void Fill(SafeFileHandle journal, Span<byte> bytes, long offset)
    {
        if (RandomAccess.Read(journal, bytes, offset) != bytes.Length)
        {
            throw new IOException("the request journal is shorter than its header says");
        }
    }

    private static long Believed(long number) => Math.Clamp(number, 0, Limit);
}
