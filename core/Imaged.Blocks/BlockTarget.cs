namespace Imaged.Blocks;

/// <summary>Bytes of fixed length that can be overwritten at any offset. All members may be called from any number of
/// threads at once, for ranges that do not overlap.</summary>
public abstract class BlockTarget
{
    /// <summary>Length in bytes.</summary>
    public abstract long Length { get; }

    /// <summary>What offsets and lengths of writes should be multiples of, in bytes, a power of two up to 4096: others
    /// are slower.</summary>
    public virtual int Alignment => 1;

    /// <summary>Writes bytes.</summary>
    /// <param name="offset">Byte offset; the range lies inside the target.</param>
    /// <param name="bytes">What to write.</param>
    /// <exception cref="IOException">They could not be written.</exception>
    public abstract void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Makes a range read as zero, by the cheapest way there is.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public abstract void WriteZeros(long offset, long length);

    /// <summary>Says that nobody needs a range any more; what it reads as afterwards is open. A target that has no use
    /// for that does nothing.</summary>
    public abstract void Discard(long offset, long length);

    /// <summary>Waits until all is on the medium.</summary>
    /// <exception cref="IOException">Something could not be written.</exception>
    public abstract void Flush();

    /// <summary>A view to read what was written, from the medium and not from a cache where that can be had.</summary>
    public abstract BlockSource OpenRead();
}
