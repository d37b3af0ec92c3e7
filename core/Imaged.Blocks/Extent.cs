namespace Imaged.Blocks;

/// <summary>State of a run of bytes.</summary>
public enum ExtentKind
{
    /// <summary>The bytes are stored in this image.</summary>
    Data,

    /// <summary>The image says that the bytes read as zero; nothing is stored for them.</summary>
    Zero,

    /// <summary>Nothing is stored here: the backing file has the bytes, or they are zero when there is none.</summary>
    Unallocated,
}

/// <summary>Where the bytes of an extent lie verbatim on the host.</summary>
/// <param name="FileIndex">Index in the list of host files of the image; 0 is the file that the user named.</param>
/// <param name="Offset">Byte offset in that file.</param>
public readonly record struct HostRange(int FileIndex, long Offset);

/// <summary>A run of bytes in one state.</summary>
/// <param name="Offset">Byte offset of its first byte in the source that was asked.</param>
/// <param name="Length">Length in bytes, at least 1.</param>
/// <param name="Kind">State of all its bytes.</param>
/// <param name="Host">Where the bytes stand unchanged in a host file; null when they are decoded or not stored.</param>
public readonly record struct Extent(long Offset, long Length, ExtentKind Kind, HostRange? Host = null)
{
    /// <summary>Byte offset just behind the extent.</summary>
    public long End => Offset + Length;

    /// <summary>The part of this extent inside [<paramref name="offset"/>, <paramref name="offset"/> +
    /// <paramref name="length"/>), which must not be empty, with the host offset moved along.</summary>
    public Extent Clip(long offset, long length)
    {
        long begin = Math.Max(Offset, offset);
        long end = Math.Min(End, offset + length);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(end, begin, nameof(length));
        HostRange? host = Host is { } range ? range with { Offset = range.Offset + (begin - Offset) } : null;
        return new(begin, end - begin, Kind, host);
    }
}
