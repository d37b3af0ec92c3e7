using System.Buffers;
using System.Runtime.InteropServices;

namespace Imaged.Blocks;

/// <summary>Native memory at an aligned address, for direct I/O, <c>/dev/fuse</c> and long-lived caches. Whoever made
/// it disposes it (there is no finalizer: a span may outlive the last reference) and uses no span of it
/// afterwards.</summary>
public sealed unsafe class AlignedBuffer : MemoryManager<byte>
{
    private byte* _address;

    /// <summary>Allocates <paramref name="length"/> zeroed bytes.</summary>
    /// <param name="length">Bytes, above 0.</param>
    /// <param name="alignment">A power of two.</param>
    public AlignedBuffer(int length, int alignment = 4096)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        _address = (byte*)NativeMemory.AlignedAlloc((nuint)length, (nuint)alignment);
        NativeMemory.Clear(_address, (nuint)length);
        Length = length;
    }

    /// <summary>Length in bytes.</summary>
    public int Length { get; }

    /// <summary>The address of the first byte.</summary>
    public byte* Address => _address;

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_address is null, this);
        return new(_address, Length);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, Length);
        return new(_address + elementIndex);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        NativeMemory.AlignedFree(_address);
        _address = null;
    }
}
