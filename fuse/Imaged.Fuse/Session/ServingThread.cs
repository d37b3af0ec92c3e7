using System.Runtime.CompilerServices;
using Imaged.Blocks;
using Imaged.Fuse.Abi;
using Imaged.Linux;
using Imaged.Linux.Fuse;

namespace Imaged.Fuse.Session;

/// <summary>One thread's work: take a request, serve it, answer it. It has a journal slot, a reply buffer and a device
/// to itself (the device perhaps shared), and allocates nothing.</summary>
internal sealed unsafe class ServingThread
{
    private const int ProtocolMajor = 7;

    // The header ends where a page begins: one write sends both, and the payload can be a target of direct I/O.
    private const int PayloadOffset = 4096;

    private const int ECONNABORTED = 103;
    private const int ENOTCONN = 107;

    private readonly FuseSession _session;
    private readonly Dispatcher _dispatcher;
    private readonly RequestJournal _journal;
    private readonly JournalSlot _slot;
    private readonly int _device;
    private readonly AlignedBuffer _buffer;
    private readonly byte* _payload;
    private readonly byte* _reply;
    private long _requests;
    private long _reads;
    private long _bytesRead;
    private long _errors;
    private long _replayed;
    private long _poisoned;
    private long _allocated;
    private long _allocatedBase;

    public ServingThread(FuseSession session, Dispatcher dispatcher, RequestJournal journal, int slot, int device)
    {
        _session = session;
        _dispatcher = dispatcher;
        _journal = journal;
        _slot = journal.Slot(slot);
        _device = device;
        _buffer = new AlignedBuffer(PayloadOffset + dispatcher.MaxPayload);
        _payload = _buffer.Address + PayloadOffset;
        _reply = _payload - sizeof(FuseOutHeader);
    }

    /// <summary>The kernel's number of the thread; 0 before it runs.</summary>
    public int ThreadId { get; private set; }

    /// <summary>What the thread has done; may be read by other threads.</summary>
    public FuseSessionCounters Counters => new(
        Volatile.Read(ref _requests),
        Volatile.Read(ref _reads),
        Volatile.Read(ref _bytesRead),
        Volatile.Read(ref _errors),
        Volatile.Read(ref _replayed),
        Volatile.Read(ref _poisoned),
        Volatile.Read(ref _allocated));

    /// <summary>Frees the buffer, once the thread has ended.</summary>
    public void Free() => ((IDisposable)_buffer).Dispose();

    /// <summary>Notes which thread serves, and from what amount on its allocations count.</summary>
    public void Begin()
    {
        ThreadId = ThreadInterrupt.CurrentThread;
        _allocatedBase = GC.GetAllocatedBytesForCurrentThread();
    }

    /// <summary>Answers what a dead process had taken and left in any slot.</summary>
    /// <param name="deviceOf">The device that the requests of a slot came from.</param>
    /// <param name="maxAttempts">As <see cref="FuseSessionOptions.MaxAttempts"/>.</param>
    public void Replay(Func<int, int> deviceOf, int maxAttempts)
    {
        // One by one: while one is served no other counts as tried, so that only the one that kills is condemned.
        for (int i = 0; i < _journal.Slots; i++)
        {
            JournalSlot slot = _journal.Slot(i);
            if (slot.HoldsRequest)
            {
                FuseInHeader* header = (FuseInHeader*)slot.Buffer;
                slot.Attempts++;
                if (slot.Attempts < maxAttempts)
                {
                    Answer(deviceOf(i), header, (int)header->Length);
                    _replayed++;
                }
                else
                {
                    Refuse(deviceOf(i), header);
                }
            }

            slot.Disarm();
        }
    }

    /// <summary>Serves until the connection ends or the session is stopped.</summary>
    public FuseSessionEnd Serve()
    {
        int unmountedReads = 0;
        while (!_session.Stopping)
        {
            _slot.Arm();
            int count = FuseDevice.Read(_device, _slot.Buffer, JournalSlot.Capacity);
            if (count >= sizeof(FuseInHeader))
            {
                Answer(_device, (FuseInHeader*)_slot.Buffer, count);
                _slot.Disarm();
                continue;
            }

            _slot.Disarm();
            switch (-count)
            {
                case Errno.EINTR or Errno.EAGAIN or Errno.ENOENT:
                    // ENOENT: the asker was killed while the request was being copied.
                    continue;
                case Errno.ENODEV:
                    return FuseSessionEnd.Unmounted;
                case ECONNABORTED:
                    return FuseSessionEnd.Aborted;
                case Errno.EPERM when !_journal.Negotiated && unmountedReads++ < FuseSession.MountWaits:
                    // No mount names this descriptor yet.
                    Thread.Sleep(FuseSession.MountWaitMilliseconds);
                    continue;
                default:
                    return _session.Fail($"reading /dev/fuse: {(count < 0 ? LinuxException.Text(-count) : "short")}");
            }
        }

        return FuseSessionEnd.Stopped;
    }

    private void Answer(int device, FuseInHeader* header, int count)
    {
        FuseOpcode opcode = header->Opcode;
        if (!Dispatcher.HasReply(opcode))
        {
            // Nodes are functions of the image, so there is nothing to forget; and nothing that could be interrupted.
            return;
        }

        ulong unique = header->Unique;
        int length = 0;
        FuseStatus status;
        try
        {
            status = opcode == FuseOpcode.Init
                ? Initialize(header, count, out length)
                : _dispatcher.Serve(*header, Arguments(header, count), _payload, out length);
        }
        catch (Exception error)
        {
            status = Failed(header, error);
        }

        if (status != FuseStatus.Ok)
        {
            length = 0;
        }

        // Counted before the answer leaves: who got the answer finds it counted.
        _requests++;
        if (opcode == FuseOpcode.Read)
        {
            _reads++;
            _bytesRead += length;
            _slot.Counters[0]++;
            _slot.Counters[1] += length;
            _session.CountCache();
        }

        Volatile.Write(ref _allocated, GC.GetAllocatedBytesForCurrentThread() - _allocatedBase);
        Send(device, unique, status, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ReadOnlySpan<byte> Arguments(FuseInHeader* header, int count) =>
        new((byte*)header + sizeof(FuseInHeader), count - sizeof(FuseInHeader));

    private void Send(int device, ulong unique, FuseStatus status, int length)
    {
        FuseOutHeader* header = (FuseOutHeader*)_reply;
        header->Length = (uint)(sizeof(FuseOutHeader) + length);
        header->Error = -(int)status;
        header->Unique = unique;
        int result;
        do
        {
            result = FuseDevice.Write(device, _reply, (int)header->Length);
        }
        while (result == -Errno.EINTR);
        if (result >= 0)
        {
            return;
        }

        // ENOENT: nobody waits any more (killed, or answered by the process before). The others: the connection is
        // gone.
        if (result is not (-Errno.ENOENT or -Errno.ENODEV or -ECONNABORTED or -ENOTCONN or -Errno.EPERM))
        {
            _errors++;
            if (length > 0 || status == FuseStatus.Ok)
            {
                // Whatever the kernel disliked, the asker must not wait for ever.
                Send(device, unique, FuseStatus.InputOutput, 0);
            }
        }
    }

    private void Refuse(int device, FuseInHeader* header)
    {
        _poisoned++;
        _session.Report(new(header->Opcode, header->Node, FuseStatus.InputOutput, null));
        if (Dispatcher.HasReply(header->Opcode))
        {
            Send(device, header->Unique, FuseStatus.InputOutput, 0);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private FuseStatus Failed(FuseInHeader* header, Exception error)
    {
        _errors++;
        _slot.Counters[2]++;
        FuseStatus status = Dispatcher.StatusOf(error);
        _session.Report(new(header->Opcode, header->Node, status, error));
        return status;
    }

    private FuseStatus Initialize(FuseInHeader* header, int count, out int length)
    {
        length = sizeof(FuseInitOut);
        ArgumentReader reader = new(Arguments(header, count));
        if (!reader.TryRead(out FuseInitIn offer))
        {
            return FuseStatus.Protocol;
        }

        FuseStatus status = Negotiation.Answer(offer, _dispatcher.MaxPayload, out *(FuseInitOut*)_payload);
        if (status != FuseStatus.Ok)
        {
            _session.Fail($"the kernel's FUSE protocol {offer.Major}.{offer.Minor} is too old");
        }
        else if (offer.Major == ProtocolMajor)
        {
            _journal.SetNegotiated(_dispatcher.MaxPayload);
            _session.SetReady();
        }

        return status;
    }
}
