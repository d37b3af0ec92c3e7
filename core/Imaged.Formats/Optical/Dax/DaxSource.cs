using System.Buffers;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Dax;

/// <summary>The image that a DAX or JSO image holds.</summary>
internal sealed class DaxSource : ChunkedSource
{
    private readonly BlockSource _file;
    private readonly DaxHeader _header;
    private readonly DaxTable _table;

    /// <summary>Does not own the file.</summary>
    public DaxSource(BlockSource file, DaxHeader header, DaxTable table, BlockCache cache)
        : base(cache)
    {
        _file = file;
        _header = header;
        _table = table;
    }

    /// <inheritdoc/>
    public override long Length => _header.ImageLength;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        int index = (int)(offset / _header.BlockLength);
        long begin = (long)index * _header.BlockLength;
        int length = (int)Math.Min(_header.BlockLength, Length - begin);
        return _table.IsStored(index)
            ? Chunk.Verbatim(begin, length, _file, _table.GetOffset(index))
            : Chunk.Encoded(index, begin, length);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        int index = (int)chunk.Index;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(_table.GetLength(index));
        try
        {
            Span<byte> encoded = buffer.AsSpan(0, _table.GetLength(index));
            _file.Read(_table.GetOffset(index), encoded);
            int count = _header.IsJso
                ? DeflateDecoder.DecodePrefix(encoded, destination)
                : ZlibDecoder.DecodePrefix(encoded, destination);
            if (count != destination.Length)
            {
                ImageFormatException.Throw(
                    DaxFormat.Id, _table.GetOffset(index), $"the data of block {index} is damaged");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
