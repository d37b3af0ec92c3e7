using System.Buffers;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Ntfs;

/// <summary>The content of a file that NTFS compressed. Its clusters are compressed in units of, mostly, sixteen: what
/// has all of them is stored as it is, what has none is zero, what has some begins with them. Thread-safe.</summary>
internal sealed class NtfsCompressedSource : ChunkedSource
{
    private readonly ClusterSource _stored;
    private readonly ClusterChain _chain;
    private readonly int _unit;
    private readonly long _initialized;
    private readonly long _owner;

    /// <summary>Takes over what is stored.</summary>
    /// <param name="stored">The clusters, holes included.</param>
    /// <param name="chain">The runs of them.</param>
    /// <param name="unit">Bytes that are compressed together.</param>
    /// <param name="length">Length of the file.</param>
    /// <param name="initialized">Bytes that were written.</param>
    /// <param name="owner">Byte offset that errors name.</param>
    /// <param name="cache">For decoded units.</param>
    public NtfsCompressedSource(
        ClusterSource stored, ClusterChain chain, int unit, long length, long initialized, long owner, BlockCache cache)
        : base(cache)
    {
        _stored = stored;
        _chain = chain;
        _unit = unit;
        _initialized = initialized;
        _owner = owner;
        Length = length;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        if (offset >= _initialized)
        {
            return Chunk.Zero(_initialized, Length - _initialized);
        }

        long index = offset / _unit;
        long begin = index * _unit;
        long rest = _initialized - begin;
        ClusterRun run = begin < _chain.Length ? _chain.Runs[_chain.IndexOf(begin)] : default;
        long whole = (run.End - begin) / _unit * _unit;
        if (whole > 0)
        {
            long length = Math.Min(whole, rest);
            return run.IsHole ? Chunk.Zero(begin, length) : Chunk.Verbatim(begin, length, _stored, begin);
        }

        int wanted = (int)Math.Min(_unit, rest);
        return StoredLength(begin) is int stored && (stored == _unit || (stored >= wanted && EndsAt(begin + stored)))
            ? Chunk.Verbatim(begin, wanted, _stored, begin)
            : Chunk.Encoded(index, begin, wanted);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        int stored = StoredLength(chunk.Offset);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(_unit);
        try
        {
            // The stored source has the error for a chain that ends too early.
            _stored.Read(chunk.Offset, buffer.AsSpan(0, stored));
            if (stored == 0 || !Lznt1Decoder.TryDecode(buffer.AsSpan(0, stored), destination))
            {
                ImageFormatException.Throw(
                    NtfsFileSystem.Id, _owner, _chain.Damage ?? $"the compressed unit at {chunk.Offset} is damaged");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _stored.Dispose();
    }

    // Bytes of the unit before its first hole.
    private int StoredLength(long begin)
    {
        long end = begin;
        for (int i = begin < _chain.Length ? _chain.IndexOf(begin) : _chain.Runs.Length;
            i < _chain.Runs.Length && !_chain.Runs[i].IsHole && end < begin + _unit;
            i++)
        {
            end = _chain.Runs[i].End;
        }

        return (int)Math.Min(end - begin, _unit);
    }

    private bool EndsAt(long offset) => offset == _chain.Length && _chain.Damage is null;
}
