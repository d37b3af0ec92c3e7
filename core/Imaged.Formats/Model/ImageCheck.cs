using System.Buffers;
using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>What a format reports while it checks an image (<see cref="DiskImage.Verify"/>).</summary>
public abstract class ImageCheck
{
    private const int StepLength = 1 << 20;

    /// <summary>Takes the next bytes of a source.</summary>
    public delegate void PartReader(ReadOnlySpan<byte> part);

    /// <summary>Says how much there is to do.</summary>
    /// <param name="phase">What is checked, in a word or two.</param>
    /// <param name="total">Bytes; 0 when unknown.</param>
    public abstract void Begin(string phase, long total);

    /// <summary>So many bytes more are done. Throws <see cref="OperationCanceledException"/> when the job is to
    /// end.</summary>
    public abstract void Advance(long bytes);

    /// <summary>Something is wrong.</summary>
    /// <param name="offset">Byte offset in the decoded content; null when it has none.</param>
    /// <param name="message">What; no full stop.</param>
    public abstract void Report(long? offset, string message);

    /// <summary>Something was checked and found right, for people: <c>MD5</c>, <c>1,234 sectors</c>.</summary>
    public abstract void Confirm(string what);

    /// <summary>Reads a source from its beginning to its end, for what is computed over all of it.</summary>
    /// <param name="phase">As of <see cref="Begin"/>.</param>
    /// <param name="content">The source; its errors pass.</param>
    /// <param name="read">Gets all parts, in order.</param>
    internal void ReadAll(string phase, BlockSource content, PartReader read)
    {
        Begin(phase, content.Length);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(StepLength);
        try
        {
            for (long offset = 0; offset < content.Length; offset += StepLength)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(StepLength, content.Length - offset));
                content.Read(offset, part);
                read(part);
                Advance(part.Length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Confirms a checksum of 32 bits, or reports that it is wrong.</summary>
    internal void Compare(string name, uint actual, uint expected) =>
        Compare(name, $"{actual:x8}", $"{expected:x8}");

    /// <summary>Confirms a digest, or reports that it is another one.</summary>
    /// <param name="name">Its name, for people.</param>
    /// <param name="actual">Of what was read.</param>
    /// <param name="expected">As stored.</param>
    internal void Compare(string name, ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected) =>
        Compare(name, Convert.ToHexStringLower(actual), Convert.ToHexStringLower(expected));

    private void Compare(string name, string actual, string expected)
    {
        if (actual == expected)
        {
            Confirm(name);
        }
        else
        {
            Report(null, $"the {name} is {actual}, not {expected}");
        }
    }
}
