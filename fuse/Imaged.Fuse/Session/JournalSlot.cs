using System.Runtime.CompilerServices;
using Imaged.Fuse.Abi;
using Imaged.Linux.Fuse;

namespace Imaged.Fuse.Session;

/// <summary>One thread's place in the journal.</summary>
internal readonly unsafe struct JournalSlot
{
    private const int StateLength = 64;
    private const int Idle = 0;
    private const int Reading = 1;

    private readonly byte* _address;

    public JournalSlot(byte* address)
    {
        _address = address;
    }

    /// <summary>Bytes that a request can have.</summary>
    public static int Capacity => RequestJournal.SlotLength - StateLength;

    /// <summary>Where requests are read to.</summary>
    public byte* Buffer => _address + StateLength;

    /// <summary>Whether a request has been taken from the kernel and perhaps not been answered.</summary>
    public bool HoldsRequest
    {
        get
        {
            uint length = ((FuseInHeader*)Buffer)->Length;
            return Volatile.Read(ref State) == Reading && length >= sizeof(FuseInHeader) && length <= Capacity;
        }
    }

    /// <summary>Times that a process began to serve the request that stands here after it had been found
    /// here.</summary>
    public ref int Attempts => ref ((int*)_address)[1];

    /// <summary>What the threads of this slot have done, in all processes: reads, bytes, errors
    /// (<see cref="ServingCounters"/>).</summary>
    public long* Counters => (long*)(_address + ServingCounters.SlotOffset);

    private ref int State => ref ((int*)_address)[0];

    /// <summary>Prepares the slot for the kernel: from now on, a length above 0 is a request's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Arm()
    {
        Attempts = 0;
        Volatile.Write(ref ((FuseInHeader*)Buffer)->Length, 0);
        Volatile.Write(ref State, Reading);
    }

    /// <summary>Says that nothing is left to answer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Disarm() => Volatile.Write(ref State, Idle);
}
