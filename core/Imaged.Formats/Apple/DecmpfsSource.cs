using System.Buffers;
using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apple;

/// <summary>The content of a compressed file whose pieces are in its resource fork. Thread-safe.</summary>
internal sealed class DecmpfsSource : ChunkedSource
{
    private const int MaxStoredLength = Decmpfs.PieceLength * 2;
    private const int MaxPieces = 1 << 24;

    private readonly Decmpfs _compression;
    private readonly BlockSource _fork;
    private readonly long _table;
    private readonly bool _hasLengths;

    /// <summary>Takes over the fork.</summary>
    /// <exception cref="ImageFormatException">The table of pieces is damaged.</exception>
    public DecmpfsSource(Decmpfs compression, BlockSource fork, BlockCache cache)
        : base(cache)
    {
        _compression = compression;
        _fork = fork;
        long pieces = (compression.Length + Decmpfs.PieceLength - 1) / Decmpfs.PieceLength;
        Span<byte> header = stackalloc byte[16];
        if (pieces > MaxPieces || fork.ReadUpTo(0, header) < header.Length)
        {
            ImageFormatException.Throw(
                compression.Format,
                0,
                $"a compressed file of {compression.Length} bytes has a fork of {fork.Length}");
        }

        // zlib: a resource with a count, and offset and length of each piece. Others: offsets alone, one more than
        // pieces.
        _hasLengths = compression.Kind == 4;
        long data = _hasLengths ? BinaryPrimitives.ReadUInt32BigEndian(header) + 4L : 0;
        Span<byte> count = header[..4];
        if (_hasLengths && (fork.ReadUpTo(data, count) < 4 || BinaryPrimitives.ReadUInt32LittleEndian(count) < pieces))
        {
            ImageFormatException.Throw(_compression.Format, data, $"a compressed file has fewer than {pieces} pieces");
        }

        DataOffset = data;
        _table = data + (_hasLengths ? 4 : 0);
    }

    /// <inheritdoc/>
    public override long Length => _compression.Length;

    private long DataOffset { get; }

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        long piece = offset / Decmpfs.PieceLength;
        long begin = piece * Decmpfs.PieceLength;
        return Chunk.Encoded(piece, begin, (int)Math.Min(Decmpfs.PieceLength, Length - begin));
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        Span<byte> entry = stackalloc byte[8];
        long at = _table + (chunk.Index * (_hasLengths ? 8 : 4));
        if (_fork.ReadUpTo(at, entry) < entry.Length)
        {
            ImageFormatException.Throw(_compression.Format, at, "the table of pieces is cut off");
        }

        long offset = DataOffset + BinaryPrimitives.ReadUInt32LittleEndian(entry);
        long second = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
        long length = _hasLengths ? second : second - offset;
        if (length is < 0 or > MaxStoredLength || offset > _fork.Length - length)
        {
            ImageFormatException.Throw(_compression.Format, at, $"a piece of {length} bytes stands at {offset}");
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            _fork.Read(offset, buffer.AsSpan(0, (int)length));
            _compression.Decode(buffer.AsSpan(0, (int)length), destination);
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
        _fork.Dispose();
    }
}
