using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Aff4;

/// <summary>A stream of chunks of one length, many of which make one member (a bevy), with a member that says where in
/// it each one stands (AFF4 standard 1.0, section 3).</summary>
internal sealed class Aff4ImageStream : ChunkedSource
{
    private const int IndexEntryLength = 12;
    private const int IndexBlock = 16384;
    private const int MaxStreamChunk = 16 << 20;
    private const int MaxBevyChunks = 1 << 24;
    private const int MaxBevies = 1 << 18;

    private readonly Aff4Volume _volume;
    private readonly string _address;
    private readonly BlockCache _cache;
    private readonly int _chunkLength;
    private readonly int _bevyChunks;
    private readonly Aff4Compression _compression;

    // What was opened: any thread may open one, and the first one stays.
    private readonly Bevy?[] _bevies;

    /// <summary>Opens a stream; its members are opened when they are needed.</summary>
    /// <exception cref="ImageFormatException">What is said of it is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">Its compression is not known.</exception>
    public Aff4ImageStream(Aff4Volume volume, string address, BlockCache cache)
        : base(cache)
    {
        _volume = volume;
        _address = address;
        _cache = cache;
        Aff4Graph graph = volume.Graph;
        Length = graph.Number(address, "size", long.MaxValue / 2) ?? throw Wrong("size");
        _chunkLength = (int)(graph.Number(address, "chunkSize", MaxStreamChunk) ?? throw Wrong("chunkSize"));
        _bevyChunks = (int)(graph.Number(address, "chunksInSegment", MaxBevyChunks) ?? throw Wrong("chunksInSegment"));
        if (_chunkLength == 0 || _bevyChunks == 0)
        {
            throw Wrong(_chunkLength == 0 ? "chunkSize" : "chunksInSegment");
        }

        long chunks = (Length / _chunkLength) + (Length % _chunkLength == 0 ? 0 : 1);
        long bevies = (chunks / _bevyChunks) + (chunks % _bevyChunks == 0 ? 0 : 1);
        if (bevies > MaxBevies)
        {
            ImageFormatException.Throw(
                Aff4Format.Info.Id, 0, $"{bevies} segments of '{address}' are above {MaxBevies}");
        }

        _compression = CompressionOf(graph.Value(address, "compressionMethod"));
        _bevies = new Bevy?[bevies];
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <summary>Compression for people.</summary>
    public string CompressionText => string.Create(
        CultureInfo.InvariantCulture, $"{_compression.ToString().ToLowerInvariant()}, chunks of {_chunkLength} bytes");

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        long index = offset / _chunkLength;
        long begin = index * _chunkLength;
        int length = (int)Math.Min(_chunkLength, Length - begin);
        Bevy bevy = BevyOf((int)(index / _bevyChunks));
        (long at, long stored) = bevy.Find((int)(index % _bevyChunks));

        // What is as long as a chunk is stored as it is.
        return stored == _chunkLength && bevy.Holds(at, stored)
            ? Chunk.Verbatim(begin, length, bevy.Data!, at)
            : stored == 0 && bevy.Data is not null ? Chunk.Zero(begin, length) : Chunk.Encoded(index, begin, length);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        Bevy bevy = BevyOf((int)(chunk.Index / _bevyChunks));
        (long at, long stored) = bevy.Find((int)(chunk.Index % _bevyChunks));
        if (!bevy.Holds(at, stored) || stored > _chunkLength * 2L)
        {
            ThrowDamaged(chunk, at, "is not there");
        }

        // The last chunk is encoded with what fills it up.
        byte[] encoded = ArrayPool<byte>.Shared.Rent((int)stored);
        byte[]? whole = destination.Length < _chunkLength ? ArrayPool<byte>.Shared.Rent(_chunkLength) : null;
        try
        {
            bevy.Data!.Read(at, encoded.AsSpan(0, (int)stored));
            Span<byte> decoded = whole is null ? destination : whole.AsSpan(0, _chunkLength);
            if (Decompress(encoded.AsSpan(0, (int)stored), decoded) < destination.Length)
            {
                ThrowDamaged(chunk, at, $"is no {_compression.ToString().ToLowerInvariant()} data");
            }

            if (whole is not null)
            {
                decoded[..destination.Length].CopyTo(destination);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(encoded);
            if (whole is not null)
            {
                ArrayPool<byte>.Shared.Return(whole);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        foreach (Bevy? bevy in _bevies)
        {
            bevy?.Index?.Dispose();
        }
    }

    private static Aff4Compression CompressionOf(string? method) => method switch
    {
        null or Aff4Graph.Schema + "NullCompressor" => Aff4Compression.None,
        "http://code.google.com/p/snappy/" or "https://code.google.com/p/snappy/" => Aff4Compression.Snappy,
        "http://code.google.com/p/lz4/" or "https://code.google.com/p/lz4/" => Aff4Compression.Lz4,
        "http://tools.ietf.org/html/rfc1951" or "https://tools.ietf.org/html/rfc1951" => Aff4Compression.Deflate,
        "http://www.ietf.org/rfc/rfc1951.txt" or "https://www.ietf.org/rfc/rfc1951.txt" => Aff4Compression.Deflate,
        "http://www.ietf.org/rfc/rfc1950.txt" or "https://www.ietf.org/rfc/rfc1950.txt" => Aff4Compression.Zlib,
        _ => throw new UnsupportedFeatureException(Aff4Format.Info.Id, $"compression '{method}'"),
    };

    private int Decompress(ReadOnlySpan<byte> source, Span<byte> destination) => _compression switch
    {
        Aff4Compression.Snappy => SnappyDecoder.Decode(source, destination),
        Aff4Compression.Lz4 => Lz4Decoder.Decode(source, destination),
        Aff4Compression.Deflate => DeflateDecoder.DecodePrefix(source, destination),
        Aff4Compression.Zlib => ZlibDecoder.Decode(source, destination),
        _ => -1,
    };

    private Bevy BevyOf(int number)
    {
        Bevy? known = Volatile.Read(ref _bevies[number]);
        if (known is not null)
        {
            return known;
        }

        string name = number.ToString("D8", CultureInfo.InvariantCulture);
        long first = (long)number * _bevyChunks;
        long chunks = Math.Min(_bevyChunks, ((Length + _chunkLength - 1) / _chunkLength) - first);
        BlockSource? index = _volume.TryOpenMember(_address, name + ".index");
        if (index is not null && index.Length < chunks * IndexEntryLength && index.Length % sizeof(uint) == 0
            && index.Length / sizeof(uint) is long entries && entries >= chunks && entries <= chunks + 1)
        {
            UnsupportedFeatureException.Throw(Aff4Format.Info.Id, "an index of offsets alone (before the standard)");
        }

        Bevy bevy = new(
            _volume.TryOpenMember(_address, name),
            index is null ? null : new CachedSource(index, _cache, IndexBlock, ownsInner: true));
        return Interlocked.CompareExchange(ref _bevies[number], bevy, null) ?? bevy;
    }

    private ImageFormatException Wrong(string property) => new(
        Aff4Format.Info.Id, 0, $"the {property} of '{_address}' is missing or out of range");

    private static void ThrowDamaged(in Chunk chunk, long at, string what) => ImageFormatException.Throw(
        Aff4Format.Info.Id,
        Math.Max(0, at),
        $"chunk {chunk.Index} of the stream, bytes from {chunk.Offset} on, {what}");

    private sealed record Bevy(BlockSource? Data, BlockSource? Index)
    {
        // Where a chunk stands; a length of -1 when that is not known.
        public (long Offset, long Length) Find(int chunk)
        {
            Span<byte> entry = stackalloc byte[IndexEntryLength];
            return Index is null || Index.ReadUpTo((long)chunk * IndexEntryLength, entry) < entry.Length
                ? (0, -1)
                : ((long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(entry), 1UL << 62),
                    BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]));
        }

        public bool Holds(long offset, long length) =>
            Data is not null && length > 0 && offset <= Data.Length - length;
    }
}
