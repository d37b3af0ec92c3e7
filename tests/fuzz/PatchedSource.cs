using Imaged.Blocks;

namespace Imaged.Fuzz;

/// <summary>A changed seed as a source, noting what is read of it: only bytes that a parser looks at are worth
/// changing.</summary>
public sealed class PatchedSource : BlockSource
{
    private const int MaxRanges = 4096;
    private readonly FuzzInput _input;
    private readonly List<(long Offset, int Count)>? _reads;

    /// <summary>The source of an input.</summary>
    /// <param name="input">Seed and changes.</param>
    /// <param name="reads">Where to note the ranges that are read, up to 4096; null for nowhere.</param>
    public PatchedSource(FuzzInput input, List<(long Offset, int Count)>? reads)
    {
        _input = input;
        _reads = reads;
    }

    /// <inheritdoc/>
    public override long Length => _input.Length;

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        if (_reads is { Count: < MaxRanges })
        {
            _reads.Add((offset, destination.Length));
        }

        _input.Seed.AsSpan((int)offset, destination.Length).CopyTo(destination);
        foreach (Patch patch in _input.Patches)
        {
            long begin = Math.Max(offset, patch.Offset);
            long end = Math.Min(offset + destination.Length, patch.Offset + patch.Bytes.Length);
            if (begin < end)
            {
                patch.Bytes.AsSpan((int)(begin - patch.Offset), (int)(end - begin))
                    .CopyTo(destination[(int)(begin - offset)..]);
            }
        }
    }
}
