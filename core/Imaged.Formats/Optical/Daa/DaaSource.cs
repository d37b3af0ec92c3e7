using System.Buffers;
using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Daa;

/// <summary>The image that a DAA or GBI image holds.</summary>
internal sealed class DaaSource : ChunkedSource
{
    // Of a bare LZMA stream: properties, dictionary, length.
    private const int LzmaHeaderLength = 13;
    private const int MinDictionary = 4096;

    private readonly BlockSource _data;
    private readonly DaaHeader _header;
    private readonly DaaTable _table;
    private readonly DaaCipher? _cipher;

    /// <summary>Owns the data.</summary>
    public DaaSource(BlockSource data, DaaHeader header, DaaTable table, DaaCipher? cipher, BlockCache cache)
        : base(cache)
    {
        _data = data;
        _header = header;
        _table = table;
        _cipher = cipher;
    }

    /// <inheritdoc/>
    public override long Length => _header.ImageLength;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        int index = (int)(offset / _header.ChunkLength);
        long begin = (long)index * _header.ChunkLength;
        int length = (int)Math.Min(_header.ChunkLength, Length - begin);
        return _cipher is null && IsStored(index)
            ? Chunk.Verbatim(begin, length, _data, _table.GetOffset(index))
            : Chunk.Encoded(index, begin, length);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        int index = (int)chunk.Index;
        int stored = (int)(IsStored(index) ? _header.ChunkLength : _table.GetLength(index));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(LzmaHeaderLength + stored);
        try
        {
            Span<byte> encoded = buffer.AsSpan(LzmaHeaderLength, stored);
            _data.Read(_table.GetOffset(index), encoded);
            _cipher?.Decrypt(encoded);
            if (IsStored(index))
            {
                encoded[..destination.Length].CopyTo(destination);
                return;
            }

            int count = _table.IsLzma(index)
                ? DecodeLzma(buffer.AsSpan(0, LzmaHeaderLength + stored), destination)
                : Inflate(encoded, destination);
            if (count != destination.Length)
            {
                ImageFormatException.Throw(
                    DaaFormat.Id, _table.GetOffset(index), $"the data of chunk {index} is damaged");
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
        _data.Dispose();
    }

    // What does not become shorter is stored as it is; version 1 leaves that to deflate.
    private bool IsStored(int index) => _header.IsVersion2 && _table.GetLength(index) >= _header.ChunkLength;

    private int DecodeLzma(Span<byte> buffer, Span<byte> destination)
    {
        buffer[0] = _header.LzmaProperties;
        BinaryPrimitives.WriteInt32LittleEndian(buffer[1..], Math.Max(_header.ChunkLength, MinDictionary));
        BinaryPrimitives.WriteInt64LittleEndian(buffer[5..], destination.Length);
        int count = LzmaDecoder.DecodeAlone(DaaFormat.Id, buffer, destination);
        if (_header.HasX86Filter && count > 0)
        {
            X86Filter.Decode(destination[..count]);
        }

        return count;
    }

    private int Inflate(ReadOnlySpan<byte> encoded, Span<byte> destination) => _header.BlockNumbering switch
    {
        0 => DeflateDecoder.DecodePrefix(encoded, destination),
        1 => RenumberedInflater.Decode(encoded, destination, stored: 1, fixedCodes: 2, dynamicCodes: 0),
        2 => RenumberedInflater.Decode(encoded, destination, stored: 0, fixedCodes: 2, dynamicCodes: 1),
        _ => RenumberedInflater.Decode(encoded, destination, stored: 1, fixedCodes: 0, dynamicCodes: 2),
    };
}
