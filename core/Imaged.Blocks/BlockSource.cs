using System.Diagnostics.CodeAnalysis;

namespace Imaged.Blocks;

/// <summary>Random-access bytes of fixed length: the one read primitive of imaged. All members may be called from any
/// number of threads at once, and no call changes what another one returns.</summary>
public abstract class BlockSource : IDisposable
{
    /// <summary>Length in bytes; never changes.</summary>
    public abstract long Length { get; }

    /// <summary>Logical sector size in bytes, a power of two from 512 to 65536. Reads need not be aligned to
    /// it.</summary>
    public virtual int SectorSize => 512;

    /// <summary>Whether a byte costs that all before it is decoded: whoever only looks whether something is there does
    /// not look at the end then.</summary>
    public virtual bool IsOneWay => false;

    /// <summary>Says that from now on the source is read once, from some offset to its end, by readers that are close
    /// to each other: one that keeps what it has decoded need not do so any longer. It stays readable at any offset,
    /// but going back may take long.</summary>
    public virtual void ExpectOnePass()
    {
    }

    /// <summary>Fills <paramref name="destination"/> completely from <paramref name="offset"/> on, or throws.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside [0, <see cref="Length"/>].</exception>
    /// <exception cref="IOException">The host could not deliver the bytes, or the image is damaged there.</exception>
    public abstract void Read(long offset, Span<byte> destination);

    /// <summary>The extent that begins exactly at <paramref name="offset"/>, which must be inside the source. It may be
    /// shorter than the whole run of equal state, never empty, and never reaches behind the end.</summary>
    public virtual Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        return new(offset, Length - offset, ExtentKind.Data);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads up to <paramref name="destination"/>.Length bytes, fewer only at the end of the source.</summary>
    /// <returns>The number of bytes read; 0 at and behind the end.</returns>
    public int ReadUpTo(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        int count = (int)Math.Min(destination.Length, Math.Max(0, Length - offset));
        if (count > 0)
        {
            Read(offset, destination[..count]);
        }

        return count;
    }

    /// <summary>Reads <paramref name="count"/> bytes into a new array.</summary>
    /// <param name="offset">Byte offset.</param>
    /// <param name="count">Bytes; the caller has compared it with a limit of its own.</param>
    public byte[] ReadBytes(long offset, int count)
    {
        CheckRange(offset, count);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(count);
        Read(offset, bytes);
        return bytes;
    }

    /// <summary>Releases what the source holds; called once, when nobody reads any more.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Throws unless [offset, offset + count) lies inside the source.</summary>
    protected void CheckRange(long offset, long count)
    {
        if (offset < 0 || count < 0 || offset > Length - count)
        {
            ThrowRange(offset, count);
        }
    }

    /// <summary>Throws unless <paramref name="offset"/> is the offset of a byte of the source.</summary>
    protected void CheckOffset(long offset)
    {
        if (offset < 0 || offset >= Length)
        {
            ThrowRange(offset, 1);
        }
    }

    [DoesNotReturn]
    private void ThrowRange(long offset, long count) => throw new ArgumentOutOfRangeException(
        nameof(offset), $"{count} bytes at offset {offset} are not inside a source of {Length} bytes");
}
