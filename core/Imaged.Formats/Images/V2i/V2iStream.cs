using System.Buffers;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.V2i;

/// <summary>What the blocks of a set decode to, one behind the other. Where a block stands is looked up in the headers,
/// which tell their place in the stream: nothing is read before it is needed.</summary>
internal sealed class V2iStream : ChunkedSource
{
    private const byte Deflate = 0x74;

    // A header is 96 bytes in every 128 KiB.
    private const int HeaderPage = 512;

    private readonly BlockSource _base;
    private readonly V2iFiles _files;
    private readonly CachedSource _headers;
    private readonly long _blockCount;

    /// <summary>Owns none of the files.</summary>
    public V2iStream(BlockSource file, V2iFiles files, V2iMetadata metadata, BlockCache cache)
        : base(cache)
    {
        _base = file;
        _files = files;
        _headers = new CachedSource(files.Blocks, cache, HeaderPage);
        _blockCount = metadata.BlockCount;
        Length = metadata.StreamLength;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <summary>Decodes a block.</summary>
    /// <param name="slot">The block.</param>
    /// <param name="header">Its header.</param>
    /// <param name="offset">Byte offset of the block, for errors.</param>
    /// <param name="isLast">Whether it is the last one of the set, which may have padding.</param>
    /// <param name="destination">As long as the header says.</param>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">It is compressed in an unknown way.</exception>
    public static void Decode(
        ReadOnlySpan<byte> slot, V2iHeader header, long offset, bool isLast, Span<byte> destination)
    {
        ReadOnlySpan<byte> payload = slot[V2iHeader.Length..];
        if (Crc32.HashToUInt32(payload) != header.PayloadCrc)
        {
            V2iFormat.Throw(offset, $"block {header.Sequence} is damaged: its CRC is wrong");
        }

        // A flag, a deflate stream, and behind it bytes as they are.
        int count = 0;
        if (header.PackedLength > 1)
        {
            if (payload[0] != Deflate)
            {
                UnsupportedFeatureException.Throw(
                    V2iFormat.Info.Id, $"the compression or encryption of blocks with the flag 0x{payload[0]:x2}");
            }

            count = DeflateDecoder.DecodePrefix(payload[1..header.PackedLength], destination);
        }

        ReadOnlySpan<byte> tail = payload[header.PackedLength..];
        int left = destination.Length - count;
        if (count < 0 || left > tail.Length || (left < tail.Length && !isLast)
            || tail[left..].ContainsAnyExcept((byte)0))
        {
            V2iFormat.Throw(
                offset, $"block {header.Sequence} is damaged: it does not decode to {destination.Length} bytes");
        }

        tail[..left].CopyTo(destination[count..]);
    }

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        if (offset < V2iHeader.PayloadLength)
        {
            return Chunk.Verbatim(0, V2iHeader.PayloadLength, _base, V2iHeader.Length);
        }

        // The last block that begins at or before the byte.
        long low = 0;
        long high = _blockCount - 1;
        while (low < high)
        {
            long middle = low + ((high - low + 1) / 2);
            if (_files.ReadHeader(_headers, middle).StreamOffset <= offset)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        V2iHeader header = _files.ReadHeader(_headers, low);
        if (offset < header.StreamOffset || offset >= header.StreamOffset + header.StreamLength
            || header.StreamOffset + header.StreamLength > Length)
        {
            V2iFormat.Throw(
                low * V2iHeader.SlotLength,
                $"block {low + 1} holds {header.StreamLength} bytes at {header.StreamOffset} of the stream; none holds "
                + $"byte {offset}");
        }

        return Chunk.Encoded(low, header.StreamOffset, header.StreamLength);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        byte[] slot = ArrayPool<byte>.Shared.Rent(V2iHeader.SlotLength);
        try
        {
            Span<byte> raw = slot.AsSpan(0, V2iHeader.SlotLength);
            long offset = chunk.Index * V2iHeader.SlotLength;
            _files.Blocks.Read(offset, raw);
            V2iHeader header = _files.Check(V2iHeader.Parse(raw, offset), chunk.Index);
            Decode(raw, header, offset, chunk.Index == _blockCount - 1, destination);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(slot);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _headers.Dispose();
    }
}
