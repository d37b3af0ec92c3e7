using System.Buffers;
using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ntfs;

/// <summary>The content of a file that Windows compressed as a whole (<c>compact /exe</c>, Compact OS): another stream
/// has a table with the end of each piece but the last, then the pieces. Thread-safe.</summary>
internal sealed class NtfsOverlaySource : ChunkedSource
{
    /// <summary>The stream that has what is stored.</summary>
    public const string StreamName = "WofCompressedData";

    private const uint FileProvider = 2;
    private const int InfoLength = 16;
    private const int MaxPieces = 1 << 28;
    private const int LzxPiece = 32768;

    // Tables of longer files have entries of eight bytes.
    private const long MaxShortLength = uint.MaxValue;

    private readonly BlockSource _stored;
    private readonly NtfsPieceCodec _codec;
    private readonly int _piece;
    private readonly int _entry;
    private readonly long _dataOffset;
    private readonly long _owner;

    private NtfsOverlaySource(BlockSource stored, NtfsPieceCodec codec, long length, long owner, BlockCache cache)
        : base(cache)
    {
        _stored = stored;
        _codec = codec;
        _owner = owner;
        _piece = codec switch
        {
            NtfsPieceCodec.Xpress8K => 8192,
            NtfsPieceCodec.Xpress16K => 16384,
            NtfsPieceCodec.Lzx => LzxPiece,
            _ => 4096,
        };
        _entry = length > MaxShortLength ? 8 : 4;
        Length = length;
        long pieces = (length + _piece - 1) / _piece;
        _dataOffset = Math.Max(0, pieces - 1) * _entry;
        if (pieces > MaxPieces || _dataOffset > stored.Length)
        {
            ImageFormatException.Throw(
                NtfsFileSystem.Id, owner, $"{pieces} compressed pieces are in a stream of {stored.Length} bytes");
        }
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <summary>Opens the content.</summary>
    /// <param name="info">What the reparse point says ([MS-FSCC] has only its tag; wofapi.h): version and provider,
    /// then version and method of the provider for files.</param>
    /// <param name="file">The file.</param>
    /// <param name="length">Length of the content in bytes.</param>
    /// <param name="cache">For decoded pieces.</param>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">The content is not in the volume.</exception>
    public static NtfsOverlaySource Open(ReadOnlySpan<byte> info, NtfsFile file, long length, BlockCache cache)
    {
        if (info.Length < InfoLength || BinaryPrimitives.ReadUInt32LittleEndian(info[4..]) != FileProvider)
        {
            UnsupportedFeatureException.Throw(
                NtfsFileSystem.Id, "reading files whose content is in a Windows image (WIM)");
        }

        uint method = BinaryPrimitives.ReadUInt32LittleEndian(info[12..]);
        if (method > (uint)NtfsPieceCodec.Xpress16K)
        {
            UnsupportedFeatureException.Throw(NtfsFileSystem.Id, $"method {method} of compressing whole files");
        }

        BlockSource stored = file.FindStream(NtfsAttributeType.Data, StreamName)?.Open()
            ?? throw new ImageFormatException(
                NtfsFileSystem.Id, file.Offset, $"file {file.Record.Number} has no stream {StreamName}");
        return new(stored, (NtfsPieceCodec)method, length, file.Offset, cache);
    }

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        long piece = offset / _piece;
        long begin = piece * _piece;
        return Chunk.Encoded(piece, begin, (int)Math.Min(_piece, Length - begin));
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        long begin = _dataOffset + EndOf(chunk.Index - 1);
        long end = chunk.Offset + chunk.Length == Length ? _stored.Length : _dataOffset + EndOf(chunk.Index);
        long length = end - begin;

        // A piece that cannot be made smaller is stored as it is.
        if (begin < 0 || end > _stored.Length || length <= 0 || length > destination.Length)
        {
            ImageFormatException.Throw(
                NtfsFileSystem.Id, _owner, $"compressed piece {chunk.Index} stands from {begin} to {end}");
        }

        if (length == destination.Length)
        {
            _stored.Read(begin, destination);
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            Span<byte> source = buffer.AsSpan(0, (int)length);
            _stored.Read(begin, source);
            bool isSound = _codec == NtfsPieceCodec.Lzx
                ? LzxDecoder.TryDecode(source, destination, LzxPiece)
                : XpressDecoder.TryDecode(source, destination);
            if (!isSound)
            {
                ImageFormatException.Throw(
                    NtfsFileSystem.Id, _owner, $"compressed piece {chunk.Index} is damaged");
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

    // Where a piece ends, from the end of the table on.
    private long EndOf(long piece)
    {
        if (piece < 0)
        {
            return 0;
        }

        Span<byte> raw = stackalloc byte[8];
        raw.Clear();
        _stored.Read(piece * _entry, raw[.._entry]);
        ulong end = BinaryPrimitives.ReadUInt64LittleEndian(raw);
        return end <= (ulong)_stored.Length ? (long)end : _stored.Length + 1L;
    }
}
