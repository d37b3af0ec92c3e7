using System.Buffers;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Uif;

/// <summary>The image that a UIF image holds.</summary>
internal sealed class UifSource : ChunkedSource
{
    private readonly BlockSource _file;
    private readonly UifTrailer _trailer;
    private readonly UifTable _table;
    private readonly Des? _cipher;

    /// <summary>Does not own the file.</summary>
    public UifSource(BlockSource file, UifTrailer trailer, UifTable table, Des? cipher, BlockCache cache)
        : base(cache)
    {
        _file = file;
        _trailer = trailer;
        _table = table;
        _cipher = cipher;
    }

    /// <inheritdoc/>
    public override long Length => _trailer.ImageLength;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        UifChunk? found = _table.Find(offset / _trailer.SectorLength, out long next);
        if (found is not { } chunk || chunk.End * _trailer.SectorLength <= offset)
        {
            // Between two chunks.
            long begin = found is { } before ? before.End * _trailer.SectorLength : 0;
            long end = next == long.MaxValue ? Length : next * _trailer.SectorLength;
            return Chunk.Zero(begin, end - begin);
        }

        long start = (long)chunk.Sector * _trailer.SectorLength;
        long length = Math.Min(chunk.End * _trailer.SectorLength, Length) - start;
        return chunk.Kind switch
        {
            UifChunkKind.Zero => Chunk.Zero(start, length),
            UifChunkKind.Stored when _cipher is null && chunk.StoredLength >= length =>
                Chunk.Verbatim(start, length, _file, chunk.StoredOffset),
            _ => Chunk.Encoded(chunk.Sector, start, (int)length),
        };
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        UifChunk entry = _table.Find(chunk.Index, out _)!.Value;
        int stored = (int)entry.StoredLength;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(stored);
        try
        {
            Span<byte> encoded = buffer.AsSpan(0, stored);
            _file.Read(entry.StoredOffset, encoded);
            _cipher?.DecryptEcb(encoded);
            if (entry.Kind == UifChunkKind.Stored)
            {
                encoded = encoded[..Math.Min(stored, destination.Length)];
                encoded.CopyTo(destination);
                destination[encoded.Length..].Clear();
            }
            else if (!TryDecode(entry, encoded, destination))
            {
                ImageFormatException.Throw(
                    UifFormat.Id,
                    entry.StoredOffset,
                    $"the data of the chunk of sectors {entry.Sector} to {entry.End - 1} is damaged");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The last sector may be decoded whole where a part of it belongs to the image.
    private bool TryDecode(UifChunk entry, Span<byte> encoded, Span<byte> destination)
    {
        if (UifDecoder.TryDecode(_trailer.Version, encoded, destination))
        {
            return true;
        }

        int whole = (int)entry.Sectors * _trailer.SectorLength;
        if (whole == destination.Length)
        {
            return false;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(whole);
        try
        {
            Span<byte> decoded = buffer.AsSpan(0, whole);
            bool isWhole = UifDecoder.TryDecode(_trailer.Version, encoded, decoded);
            decoded[..destination.Length].CopyTo(destination);
            return isWhole;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
