using System.Diagnostics;

namespace Imaged.Blocks;

/// <summary>Base of images that store chunks which are decoded as a whole: compressed, encrypted, deduplicated ones. A
/// format says what stands where and decodes one chunk; this class does the rest: part reads through the shared cache
/// (each chunk decoded once, of two readers one decodes), long reads straight into the reader's buffer, extents. A read
/// that hits the cache allocates nothing.</summary>
public abstract class ChunkedSource : BlockSource
{
    /// <summary>Longest encoded chunk in bytes; formats refuse images with longer ones.</summary>
    public const int MaxChunkLength = 64 << 20;

    // From this length on a reader goes through the image in one direction and does not come back for the chunks that
    // it has read whole: they would only push others out of the cache.
    private const int BulkLength = 128 << 10;

    // Encoded chunks that follow each other are one extent of about this length: who goes by extents reads long.
    private const int ExtentLength = 1 << 20;

    // Looked at for one read, to find those that come next.
    private const int MaxLooked = 256;

    private static readonly BlockCache.Filler<(ChunkedSource Source, Chunk Chunk)> Decoder =
        static (state, _, bytes) => state.Source.Decode(state.Chunk, bytes);

    private readonly BlockCache _cache;
    private readonly int _owner;
    private readonly ReadRuns _runs = new();

    // Whether something had to be decoded. Images may store everything as it is.
    private bool _decodes;

    /// <summary>A source that keeps its decoded chunks in <paramref name="cache"/>.</summary>
    protected ChunkedSource(BlockCache cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        _cache = cache;
        _owner = cache.NewOwner();
    }

    /// <inheritdoc/>
    public sealed override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        bool isBulk = destination.Length >= BulkLength;
        if (_cache.Reader is { } ahead)
        {
            Prepare(ahead, offset, destination.Length);
        }

        while (!destination.IsEmpty)
        {
            Chunk chunk = GetChunk(offset);
            Debug.Assert(offset >= chunk.Offset && offset < chunk.Offset + chunk.Length, "the chunk holds the byte");
            long inside = offset - chunk.Offset;
            int count = (int)Math.Min(chunk.Length - inside, destination.Length);
            Span<byte> part = destination[..count];
            switch (chunk.Kind)
            {
                case ChunkKind.Verbatim:
                    chunk.Stored!.Read(chunk.StoredOffset + inside, part);
                    break;
                case ChunkKind.Encoded when isBulk && count == chunk.Length:
                    Volatile.Write(ref _decodes, true);
                    _cache.ReadOnce(_owner, chunk.Index, part, (this, chunk), Decoder);
                    break;
                case ChunkKind.Encoded:
                    Volatile.Write(ref _decodes, true);
                    _cache.Read(
                        _owner, chunk.Index, (int)chunk.Length, (int)inside, part, (this, chunk), Decoder);
                    break;
                default:
                    part.Clear();
                    break;
            }

            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public sealed override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        Chunk chunk = GetChunk(offset);
        long inside = offset - chunk.Offset;
        long length = chunk.Length - inside;
        switch (chunk.Kind)
        {
            case ChunkKind.Encoded:
                return new(offset, FollowEncoded(chunk) - offset, ExtentKind.Data);
            case ChunkKind.Verbatim:
                Extent stored = chunk.Stored!.GetExtent(chunk.StoredOffset + inside);
                return stored with { Offset = offset, Length = Math.Min(stored.Length, length) };
            default:
                return new(offset, length, chunk.Kind == ChunkKind.Zero ? ExtentKind.Zero : ExtentKind.Unallocated);
        }
    }

    /// <summary>The chunk that holds the byte at <paramref name="offset"/>, which is inside the source. Cheap, and
    /// always the same for the same offset.</summary>
    protected abstract Chunk GetChunk(long offset);

    /// <summary>Fills <paramref name="destination"/>, which is as long as the chunk, with the chunk's bytes. Called
    /// from any number of threads at once, for one chunk mostly once.</summary>
    /// <exception cref="IOException">The chunk is damaged, or the host could not deliver it.</exception>
    protected abstract void Decode(in Chunk chunk, Span<byte> destination);

    internal void DecodeAhead(CacheEntry entry, in Chunk chunk) =>
        _cache.FillAhead(entry, (this, chunk), Decoder);

    // Has the chunks decoded that come next, when this read goes on where another one ended.
    private void Prepare(ReadAhead ahead, long offset, int length)
    {
        if (!_runs.Continue(offset, length, Volatile.Read(ref _decodes), out ReadRuns.Plan plan))
        {
            return;
        }

        long next = plan.Begin;
        try
        {
            bool hasRoom = true;
            for (int i = 0; i < MaxLooked && hasRoom && next < Length; i++)
            {
                Chunk chunk = GetChunk(next);
                if (chunk.Offset >= plan.EndOf((int)Math.Min(chunk.Length, MaxChunkLength), ahead.Threads))
                {
                    break;
                }

                hasRoom = chunk.Kind != ChunkKind.Encoded || _runs.TryAdd(ahead, this, _owner, chunk, plan);
                next = hasRoom ? chunk.Offset + chunk.Length : next;
            }
        }
        catch (IOException)
        {
            // Where the next chunks are cannot be found out: who reads them is told.
        }
        finally
        {
            _runs.Finish(plan, next);
        }
    }

    // Where the encoded chunks end that follow each other from this one on.
    private long FollowEncoded(in Chunk first)
    {
        long end = first.Offset + first.Length;
        while (end < Length && end - first.Offset < ExtentLength)
        {
            Chunk next = GetChunk(end);
            if (next.Kind != ChunkKind.Encoded)
            {
                break;
            }

            end = next.Offset + next.Length;
        }

        return end;
    }

    /// <summary>Forgets the decoded chunks; none is decoded any more when this returns. Called first by those who
    /// override it.</summary>
    protected override void Dispose(bool disposing)
    {
        _cache.Reader?.Remove(this);
        _cache.Forget(_owner);
    }
}
