using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Compressed;

/// <summary>Content with few points or one only: each part is decoded in one direction, as far as somebody has read,
/// and what was decoded is spooled, so that reading behind that front is quick and nothing is decoded twice. Where
/// there is no room left in the spool, going back decodes from the last point on again.</summary>
internal sealed class SpoolSource : ChunkedSource
{
    private const int PieceLength = 1 << 20;

    // Of one pass: what was decoded on the way to the piece of a reader who came before another one.
    private const int MaxPassed = 16;

    private readonly string _format;
    private readonly SeekPoint[] _points;
    private readonly Func<SeekPoint, ForwardDecoder> _open;
    private readonly ISpool _spool;

    // Offsets in the content up to which each part is in the spool. Only grow; read without the lock.
    private readonly long[] _fronts;
    private readonly object _lock = new();
    private readonly Crc32 _crc = new();
    private readonly byte[] _skipped = new byte[PieceLength];
    private readonly Queue<(long Offset, byte[] Bytes)> _passed = new();
    private volatile bool _isOnePass;
    private volatile bool _isDisposed;
    private bool _isSpoolFull;
    private ForwardDecoder? _decoder;
    private int _decoderPart;
    private long _decoderOffset;

    /// <summary>As of <see cref="CompressedImage.OpenContent"/>.</summary>
    /// <param name="format">Id of the format, for errors.</param>
    /// <param name="points">The points.</param>
    /// <param name="cache">For what is read in small pieces.</param>
    /// <param name="spool">Becomes the source's.</param>
    /// <param name="spooled">Bytes of the content that are in the spool already.</param>
    /// <param name="open">Makes a decoder that begins at a point.</param>
    public SpoolSource(
        string format,
        SeekPoint[] points,
        BlockCache cache,
        ISpool spool,
        long spooled,
        Func<SeekPoint, ForwardDecoder> open)
        : base(cache)
    {
        _format = format;
        _points = points;
        _open = open;
        _spool = spool;
        _fronts = [.. points.Select(point => Math.Clamp(spooled, point.Offset, point.Offset + point.Length))];
        Length = points[^1].Offset + points[^1].Length;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override bool IsOneWay => Length > CompressedImage.MaxPart;

    /// <inheritdoc/>
    public override void ExpectOnePass() => _isOnePass = true;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        SeekPoint point = _points[PointSource.Find(_points, offset)];
        long begin = Math.Max(point.Offset, offset / PieceLength * PieceLength);
        long end = Math.Min(point.Offset + point.Length, (offset / PieceLength * PieceLength) + PieceLength);
        return Chunk.Encoded(begin, begin, (int)(end - begin));
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        int part = PointSource.Find(_points, chunk.Offset);
        if (Volatile.Read(ref _fronts[part]) < chunk.Offset + chunk.Length)
        {
            lock (_lock)
            {
                if (_fronts[part] < chunk.Offset + chunk.Length)
                {
                    if (!TryTakePassed(chunk.Offset, destination))
                    {
                        DecodeUpTo(part, chunk.Offset, destination);
                    }

                    return;
                }
            }
        }

        _spool.Read(chunk.Offset, destination);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        lock (_lock)
        {
            base.Dispose(disposing);
            _decoder?.Dispose();
            _spool.Dispose();
        }
    }

    private void DecodeUpTo(int part, long offset, Span<byte> destination)
    {
        if (_decoder is null || _decoderPart != part || _decoderOffset > offset)
        {
            _decoder?.Dispose();
            _decoder = null;
            _decoder = _open(_points[part]);
            _crc.Reset();
            _decoderPart = part;
            _decoderOffset = _points[part].Offset;
        }

        try
        {
            while (_decoderOffset < offset)
            {
                // Whole pieces, so that whoever comes for them finds them spooled.
                long next = Math.Min(offset, (_decoderOffset / PieceLength * PieceLength) + PieceLength);
                Span<byte> piece = _skipped.AsSpan(0, (int)(next - _decoderOffset));
                long begin = _decoderOffset;
                DecodePiece(part, piece);
                if (_isOnePass)
                {
                    Pass(begin, piece);
                }
            }

            DecodePiece(part, destination);
        }
        catch (ImageFormatException error)
        {
            _decoder?.Dispose();
            _decoder = null;
            throw CompressedImage.Append(
                error, $"; the content can be read up to about byte {_decoderOffset} of {Length}");
        }
        catch
        {
            // What it would say next is not known.
            _decoder.Dispose();
            _decoder = null;
            throw;
        }
    }

    private void DecodePiece(int part, Span<byte> piece)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        SeekPoint point = _points[part];
        long end = point.Offset + point.Length;
        int count = _decoder!.Read(piece);
        Span<byte> more = stackalloc byte[1];
        if (count < piece.Length || (_decoderOffset + count == end && _decoder.Read(more) != 0))
        {
            throw new ImageFormatException(
                _format,
                point.StoredOffset,
                $"what is stored decodes to {(count < piece.Length ? "fewer" : "more")} than the {point.Length} bytes "
                + "that it says");
        }

        if (point.Check is { } check)
        {
            _crc.Append(piece);
            if (_decoderOffset + count == end && _crc.GetCurrentHashAsUInt32() != check)
            {
                throw new ImageFormatException(
                    _format, point.StoredOffset, "what is decoded from here has changed, or is damaged");
            }
        }

        Spool(part, piece);
        _decoderOffset += count;
    }

    private bool TryTakePassed(long offset, Span<byte> destination)
    {
        foreach ((long begin, byte[] bytes) in _passed)
        {
            if (begin == offset && bytes.Length == destination.Length)
            {
                bytes.CopyTo(destination);
                return true;
            }
        }

        return false;
    }

    private void Pass(long offset, ReadOnlySpan<byte> piece)
    {
        byte[]? bytes = _passed.Count == MaxPassed ? _passed.Dequeue().Bytes : null;
        bytes = bytes?.Length == piece.Length ? bytes : new byte[piece.Length];
        piece.CopyTo(bytes);
        _passed.Enqueue((offset, bytes));
    }

    private void Spool(int part, ReadOnlySpan<byte> piece)
    {
        long end = _decoderOffset + piece.Length;
        if (_isSpoolFull || _isOnePass || _fronts[part] < _decoderOffset || _fronts[part] >= end)
        {
            return;
        }

        try
        {
            // A spool is zero where nothing was written.
            if (piece.ContainsAnyExcept((byte)0))
            {
                _spool.Write(_decoderOffset, piece);
            }

            Volatile.Write(ref _fronts[part], end);
        }
        catch (IOException)
        {
            _isSpoolFull = true;
        }
    }
}
