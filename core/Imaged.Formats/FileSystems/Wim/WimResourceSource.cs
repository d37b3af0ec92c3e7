using System.Buffers;
using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Wim;

/// <summary>A resource in compressed chunks: a table of where the second and later ones begin, then the chunks. One
/// that would not become shorter is stored as it is.</summary>
internal sealed class WimResourceSource : ChunkedSource
{
    private readonly WimPart _part;
    private readonly WimResource _resource;
    private readonly int _chunkLength;
    private readonly int _entryLength;
    private readonly long _chunks;

    /// <summary>Does not own the part.</summary>
    /// <exception cref="ImageFormatException">It does not fit.</exception>
    /// <exception cref="UnsupportedFeatureException">The compression is one that is not read.</exception>
    public WimResourceSource(WimPart part, WimResource resource, BlockCache cache)
        : base(cache)
    {
        _part = part;
        _resource = resource;
        _chunkLength = part.Header.ChunkLength;
        _entryLength = resource.Length > uint.MaxValue ? sizeof(ulong) : sizeof(uint);
        _chunks = (resource.Length + _chunkLength - 1) / _chunkLength;
        if (resource.Length <= 0 || TableLength > resource.StoredLength)
        {
            Throw(resource.Offset, $"{_chunks} chunks do not fit into {resource.StoredLength} bytes");
        }

        int limit = part.Header.Compression switch
        {
            WimCompression.Xpress => XpressDecoder.MaxBlockLength,
            WimCompression.Lzx => LzxDecoder.MaxChunkLength,
            WimCompression.None =>
                throw new ImageFormatException(
                    WimFileSystem.Id, resource.Offset, "a resource is compressed, but the header names no method"),
            _ => throw new UnsupportedFeatureException(WimFileSystem.Id, $"{part.Header.Method} compression"),
        };
        if (_chunkLength > limit)
        {
            Throw(20, $"chunks of {_chunkLength} bytes are above {limit} for {part.Header.Method}");
        }
    }

    /// <inheritdoc/>
    public override long Length => _resource.Length;

    private long TableLength => (_chunks - 1) * _entryLength;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        long index = offset / _chunkLength;
        long begin = index * _chunkLength;
        return Chunk.Encoded(index, begin, (int)Math.Min(_chunkLength, Length - begin));
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        (long begin, long end) = FindChunk(chunk.Index);
        long length = end - begin;
        long at = _resource.Offset + TableLength + begin;
        if (begin < 0 || length <= 0 || length > destination.Length || end > _resource.StoredLength - TableLength)
        {
            Throw(at, $"chunk {chunk.Index} is stored in bytes {begin} to {end} of {_resource.StoredLength}");
        }

        if (length == destination.Length)
        {
            _part.Content.Read(at, destination);
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            Span<byte> encoded = buffer.AsSpan(0, (int)length);
            _part.Content.Read(at, encoded);
            bool isGood = _part.Header.Compression == WimCompression.Xpress
                ? XpressDecoder.TryDecode(encoded, destination)
                : LzxDecoder.TryDecode(encoded, destination, _chunkLength);
            if (!isGood)
            {
                Throw(at, $"chunk {chunk.Index} of a resource is no {_part.Header.Method} data");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Where a chunk begins and ends behind the table, which has no entry for the first one.
    private (long Begin, long End) FindChunk(long index)
    {
        Span<byte> raw = stackalloc byte[2 * sizeof(ulong)];
        int count = (index > 0 ? 1 : 0) + (index < _chunks - 1 ? 1 : 0);
        Span<byte> entries = raw[..(count * _entryLength)];
        _part.Content.Read(_resource.Offset + (Math.Max(0, index - 1) * _entryLength), entries);
        long begin = index > 0 ? ReadEntry(entries) : 0;
        long end = index < _chunks - 1
            ? ReadEntry(entries[^_entryLength..])
            : _resource.StoredLength - TableLength;
        return (begin, end);
    }

    private long ReadEntry(ReadOnlySpan<byte> entry) => _entryLength == sizeof(uint)
        ? BinaryPrimitives.ReadUInt32LittleEndian(entry)
        : (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(entry), 1UL << 62);

    private static void Throw(long offset, string message) =>
        ImageFormatException.Throw(WimFileSystem.Id, offset, message);
}
