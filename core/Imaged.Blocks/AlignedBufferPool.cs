using System.Collections.Concurrent;

namespace Imaged.Blocks;

/// <summary>Keeps aligned buffers of one size for the next user. Thread-safe.</summary>
public sealed class AlignedBufferPool : IDisposable
{
    private readonly ConcurrentBag<AlignedBuffer> _free = [];
    private readonly int _keep;
    private int _kept;

    /// <summary>A pool of buffers of <paramref name="bufferLength"/> bytes.</summary>
    /// <param name="bufferLength">Length of each buffer in bytes.</param>
    /// <param name="alignment">Alignment of each, a power of two.</param>
    /// <param name="keep">How many free ones are kept at most.</param>
    public AlignedBufferPool(int bufferLength, int alignment = 4096, int keep = 8)
    {
        BufferLength = bufferLength;
        Alignment = alignment;
        _keep = keep;
    }

    /// <summary>Length of each buffer in bytes.</summary>
    public int BufferLength { get; }

    /// <summary>Alignment of each buffer in bytes.</summary>
    public int Alignment { get; }

    /// <summary>A buffer with whatever bytes its last user left; give it back with <see cref="Return"/>.</summary>
    public AlignedBuffer Rent()
    {
        if (_free.TryTake(out AlignedBuffer? buffer))
        {
            Interlocked.Decrement(ref _kept);
            return buffer;
        }

        return new AlignedBuffer(BufferLength, Alignment);
    }

    /// <summary>Takes back a buffer from <see cref="Rent"/>; the caller must not use it any more.</summary>
    public void Return(AlignedBuffer buffer)
    {
        if (Interlocked.Increment(ref _kept) > _keep)
        {
            Interlocked.Decrement(ref _kept);
            ((IDisposable)buffer).Dispose();
            return;
        }

        _free.Add(buffer);
    }

    /// <summary>Frees the buffers that are not rented.</summary>
    public void Dispose()
    {
        while (_free.TryTake(out AlignedBuffer? buffer))
        {
            ((IDisposable)buffer).Dispose();
        }
    }
}
