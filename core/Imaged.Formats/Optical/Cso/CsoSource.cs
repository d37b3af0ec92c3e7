using System.Buffers;
using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Cso;

/// <summary>The image that a CSO or ZSO image holds.</summary>
internal sealed class CsoSource : ChunkedSource
{
    private const uint Mark = 0x80000000;

    private readonly BlockSource _file;
    private readonly CsoHeader _header;
    private readonly uint[] _index;

    /// <summary>Reads the index. Does not own the file.</summary>
    /// <exception cref="ImageFormatException">The index is damaged.</exception>
    public CsoSource(BlockSource file, CsoHeader header, BlockCache cache)
        : base(cache)
    {
        _file = file;
        _header = header;
        int count = header.BlockCount + 1;
        if (count * sizeof(uint) > file.Length - CsoHeader.Length)
        {
            ImageFormatException.Throw(CsoFormat.Id, CsoHeader.Length, $"an index of {count} entries does not fit");
        }

        byte[] raw = file.ReadBytes(CsoHeader.Length, count * sizeof(uint));
        _index = new uint[count];
        for (int i = 0; i < count; i++)
        {
            _index[i] = BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(i * sizeof(uint)));
        }

        for (int i = 0; i < header.BlockCount; i++)
        {
            Check(i);
        }
    }

    /// <inheritdoc/>
    public override long Length => _header.ImageLength;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        int index = (int)(offset / _header.BlockLength);
        long begin = (long)index * _header.BlockLength;
        return IsStored(index)
            ? Chunk.Verbatim(begin, LengthOf(index), _file, OffsetOf(index))
            : Chunk.Encoded(index, begin, LengthOf(index));
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        int index = (int)chunk.Index;
        int stored = (int)(OffsetOf(index + 1) - OffsetOf(index));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(stored);
        try
        {
            Span<byte> encoded = buffer.AsSpan(0, stored);
            _file.Read(OffsetOf(index), encoded);
            bool isLz4 = _header.IsLz4 || (_header.Version == 2 && (_index[index] & Mark) != 0);
            int count = isLz4
                ? Lz4Decoder.DecodePrefix(encoded, destination)
                : DeflateDecoder.DecodePrefix(encoded, destination);
            if (count != destination.Length)
            {
                ImageFormatException.Throw(CsoFormat.Id, OffsetOf(index), $"the data of block {index} is damaged");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Of what is stored some bytes may only fill up to the next offset; encoders store what does not become shorter.
    private void Check(int index)
    {
        long begin = OffsetOf(index);
        long stored = OffsetOf(index + 1) - begin;
        long limit = (2L * _header.BlockLength) + (1L << _header.Shift);
        if (stored < 0 || stored > limit || begin > _file.Length - stored
            || (IsStored(index) && stored < LengthOf(index)))
        {
            ImageFormatException.Throw(
                CsoFormat.Id,
                CsoHeader.Length + ((long)index * sizeof(uint)),
                $"block {index} is said to have {stored} bytes at {begin}");
        }
    }

    private int LengthOf(int index) =>
        (int)Math.Min(_header.BlockLength, Length - ((long)index * _header.BlockLength));

    private long OffsetOf(int index) => (long)(_index[index] & ~Mark) << _header.Shift;

    private bool IsStored(int index) => _header.Version == 2 && !_header.IsLz4
        ? OffsetOf(index + 1) - OffsetOf(index) >= _header.BlockLength
        : (_index[index] & Mark) != 0;
}
