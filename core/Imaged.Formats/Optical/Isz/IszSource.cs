using System.Buffers;
using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Isz;

/// <summary>The image that an ISZ image holds.</summary>
internal sealed class IszSource : ChunkedSource
{
    private const int CipherBlockLength = 16;

    private readonly BlockSource _data;
    private readonly IszHeader _header;
    private readonly IszTable _table;
    private readonly byte[]? _key;

    /// <summary>Owns the data.</summary>
    /// <param name="data">The chunks.</param>
    /// <param name="header">The header.</param>
    /// <param name="table">Where they stand.</param>
    /// <param name="key">The AES key; null for none.</param>
    /// <param name="cache">For decoded chunks.</param>
    public IszSource(BlockSource data, IszHeader header, IszTable table, byte[]? key, BlockCache cache)
        : base(cache)
    {
        _data = data;
        _header = header;
        _table = table;
        _key = key;
    }

    /// <inheritdoc/>
    public override long Length => _header.ImageLength;

    /// <summary>Whether the first chunk that is compressed can be decoded: the only thing that tells a wrong
    /// password. True when none is compressed.</summary>
    public bool CanDecode()
    {
        for (int i = 0; i < _header.ChunkCount; i++)
        {
            if (_table.GetKind(i) is IszChunkKind.Zlib or IszChunkKind.Bzip2)
            {
                try
                {
                    Span<byte> first = stackalloc byte[1];
                    Read((long)i * _header.ChunkLength, first);
                    return true;
                }
                catch (ImageFormatException)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        int index = (int)(offset / _header.ChunkLength);
        long begin = (long)index * _header.ChunkLength;
        int length = (int)Math.Min(_header.ChunkLength, Length - begin);
        return _table.GetKind(index) switch
        {
            IszChunkKind.Zero => Chunk.Zero(begin, length),
            IszChunkKind.Stored when _key is null => Chunk.Verbatim(begin, length, _data, _table.GetOffset(index)),
            _ => Chunk.Encoded(index, begin, length),
        };
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        int index = (int)chunk.Index;
        int stored = _table.GetLength(index);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(stored);
        try
        {
            Span<byte> encoded = buffer.AsSpan(0, stored);
            _data.Read(_table.GetOffset(index), encoded);
            Decrypt(encoded);
            int count = destination.Length;
            switch (_table.GetKind(index))
            {
                case IszChunkKind.Stored:
                    encoded[..count].CopyTo(destination);
                    break;
                case IszChunkKind.Zlib:
                    count = ZlibDecoder.Decode(encoded, destination);
                    break;
                default:
                    "BZh"u8[..Math.Min(3, stored)].CopyTo(encoded);
                    count = Bzip2Decoder.Decode(IszFormat.Id, encoded, destination);
                    break;
            }

            if (count != destination.Length)
            {
                ImageFormatException.Throw(
                    IszFormat.Id, _table.GetOffset(index), $"the data of chunk {index} is damaged");
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

    // Every block for itself; what is left behind the last whole one is clear. The mode is the format's choice.
    private void Decrypt(Span<byte> bytes)
    {
        Span<byte> whole = bytes[..(bytes.Length / CipherBlockLength * CipherBlockLength)];
        if (_key is not null && !whole.IsEmpty)
        {
            using Aes aes = Aes.Create();
            aes.Key = _key;
            aes.DecryptEcb(whole, whole, PaddingMode.None);
        }
    }
}
