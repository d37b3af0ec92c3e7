using Imaged.Linux.Fuse;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Fuse.Session;

/// <summary>The requests that are being served, in memory that outlives the process that serves them. The kernel copies
/// each request straight into its slot, so there is no moment at which it has left the kernel and stands nowhere; a
/// successor on the same device answers what it finds here. One journal belongs to one connection, and to one living
/// process at a time.</summary>
/// <remarks>The file: a page with magic, version and geometry, then the slots. A slot: 64 bytes of state, then the
/// buffer that requests are read into. Counters stand in both, see <see cref="ServingCounters"/>.
/// Numbers in the machine's byte order; a successor of another version refuses.</remarks>
public sealed unsafe class RequestJournal : IDisposable
{
    /// <summary>Most threads that a session can have.</summary>
    public const int MaxSlots = 64;

    internal const int SlotLength = ServingCounters.SlotLength;

    private const ulong Magic = 0x316C6E72_6A676D69; // "imgjrnl1"
    private const uint Version = 1;
    private const int HeaderLength = ServingCounters.HeaderLength;

    private readonly SharedMemory _memory;

    private RequestJournal(SharedMemory memory, int slots)
    {
        _memory = memory;
        Slots = slots;
    }

    /// <summary>Number of slots: a session can have that many threads.</summary>
    public int Slots { get; }

    /// <summary>Whether the connection has been negotiated, by this process or one before it.</summary>
    public bool Negotiated => Header->Negotiated != 0;

    /// <summary>Requests that a dead process left behind.</summary>
    public int Pending
    {
        get
        {
            int count = 0;
            for (int i = 0; i < Slots; i++)
            {
                count += Slot(i).HoldsRequest ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>Largest reply payload that was negotiated, in bytes; 0 before.</summary>
    internal int MaxPayload
    {
        get => Header->MaxPayload;
    }

    private JournalHeader* Header => (JournalHeader*)_memory.Address;

    /// <summary>Makes the file of an empty journal. It needs no name: whoever holds a descriptor of it can hand it to
    /// the next process.</summary>
    /// <param name="threads">How many threads a session on it may have, 1 to <see cref="MaxSlots"/>.</param>
    public static SafeFileHandle CreateFile(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MaxSlots);
        int length = HeaderLength + (threads * SlotLength);
        SafeFileHandle file = SharedMemory.CreateFile("imaged-journal", length);
        using SharedMemory memory = SharedMemory.Map(file, length);
        *(JournalHeader*)memory.Address = new()
        {
            Magic = Magic,
            Version = Version,
            Slots = threads,
            SlotLength = SlotLength,
        };
        return file;
    }

    /// <summary>Maps a journal.</summary>
    /// <param name="file">Made by <see cref="CreateFile"/>, in this process or another; stays the caller's.</param>
    /// <exception cref="IOException">It is not a journal of this version.</exception>
    public static RequestJournal Open(SafeFileHandle file)
    {
        long length = RandomAccess.GetLength(file);
        if (length < HeaderLength + SlotLength || length > HeaderLength + (MaxSlots * SlotLength))
        {
            throw new IOException($"a request journal is not {length} bytes long");
        }

        SharedMemory memory = SharedMemory.Map(file, (int)length);
        JournalHeader header = *(JournalHeader*)memory.Address;
        if (header.Magic != Magic || header.Version != Version || header.SlotLength != SlotLength
            || header.Slots != (length - HeaderLength) / SlotLength)
        {
            memory.Dispose();
            throw new IOException("not a request journal of this version");
        }

        memory.Populate();
        return new(memory, header.Slots);
    }

    /// <summary>Unmaps the journal, once no session uses it any more.</summary>
    public void Dispose() => _memory.Dispose();

    internal JournalSlot Slot(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Slots);
        return new(_memory.Address + HeaderLength + (index * SlotLength));
    }

    /// <summary>Counts what the cache of blocks has done; what processes before this one counted stays.</summary>
    internal void AddCache(long hits, long misses)
    {
        long* counts = (long*)(_memory.Address + ServingCounters.CacheOffset);
        Interlocked.Add(ref counts[0], hits);
        Interlocked.Add(ref counts[1], misses);
    }

    internal void SetNegotiated(int maxPayload)
    {
        Header->MaxPayload = maxPayload;
        Volatile.Write(ref Header->Negotiated, 1);
    }

    internal void Clear()
    {
        Header->Negotiated = 0;
        for (int i = 0; i < Slots; i++)
        {
            Slot(i).Disarm();
        }
    }

    private struct JournalHeader
    {
        public ulong Magic;
        public uint Version;
        public int Slots;
        public int SlotLength;
        public int MaxPayload;
        public int Negotiated;
    }
}
