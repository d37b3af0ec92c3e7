namespace Imaged.Blocks;

/// <summary>Bytes of a disk that are to be others than those of its source.</summary>
/// <param name="Offset">Byte offset on the disk.</param>
/// <param name="Bytes">What is to stand there.</param>
public sealed record DiskPatch(long Offset, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Where they stand.</summary>
    public BlockRange Range => new(Offset, Bytes.Length);

    /// <summary>Copies what of the patch lies in a piece of the disk.</summary>
    /// <param name="offset">Byte offset of the piece.</param>
    /// <param name="piece">The piece.</param>
    public void ApplyTo(long offset, Span<byte> piece)
    {
        long begin = Math.Max(offset, Offset);
        long end = Math.Min(offset + piece.Length, Range.End);
        if (begin < end)
        {
            Bytes.Span[(int)(begin - Offset)..(int)(end - Offset)].CopyTo(piece[(int)(begin - offset)..]);
        }
    }
}
