using System.Buffers;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Ecm;

/// <summary>The image that an ECM file holds.</summary>
internal sealed class EcmSource : ChunkedSource
{
    private readonly BlockSource _file;
    private readonly EcmIndex _index;

    /// <summary>Does not own the file.</summary>
    public EcmSource(BlockSource file, EcmIndex index, BlockCache cache)
        : base(cache)
    {
        _file = file;
        _index = index;
    }

    /// <inheritdoc/>
    public override long Length => _index.Length;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        EcmRun run = _index.Find(offset, out long end, out _);
        switch (run.Kind)
        {
            case EcmKind.Literal:
                return Chunk.Verbatim(run.Offset, end - run.Offset, _file, run.StoredOffset);
            case EcmKind.Mixed:
                return Chunk.Encoded(run.Offset, run.Offset, (int)(end - run.Offset));
            default:
                // As many whole sectors as fit.
                int sector = EcmSector.Length(run.Kind);
                int step = EcmIndex.MixedLength / sector * sector;
                long begin = offset - ((offset - run.Offset) % step);
                return Chunk.Encoded(begin, begin, (int)Math.Min(step, end - begin));
        }
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        EcmRun run = _index.Find(chunk.Offset, out _, out long storedEnd);
        long storedOffset = run.StoredOffset;
        int stored = (int)(storedEnd - storedOffset);
        if (run.Kind != EcmKind.Mixed)
        {
            int unit = EcmSector.StoredLength(run.Kind);
            int sector = EcmSector.Length(run.Kind);
            storedOffset += (chunk.Offset - run.Offset) / sector * unit;
            stored = destination.Length / sector * unit;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(stored + RawSector.Length);
        try
        {
            Span<byte> scratch = buffer.AsSpan(stored, RawSector.Length);
            Span<byte> encoded = buffer.AsSpan(0, stored);
            _file.Read(storedOffset, encoded);
            if (run.Kind == EcmKind.Mixed)
            {
                DecodeRecords(encoded, storedOffset, destination, scratch);
            }
            else
            {
                EcmSector.Decode(run.Kind, encoded, destination, scratch);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The file may have changed since the index was made of it.
    private static void DecodeRecords(
        ReadOnlySpan<byte> encoded, long storedOffset, Span<byte> destination, Span<byte> scratch)
    {
        while (!destination.IsEmpty)
        {
            EcmRecord record = EcmRecord.Parse(encoded, storedOffset);
            encoded = encoded[record.HeaderLength..];
            if (record.Count == 0 || record.StoredLength > encoded.Length || record.Length > destination.Length)
            {
                ImageFormatException.Throw(EcmFormat.Id, storedOffset, "a record is not what it was before");
            }

            EcmSector.Decode(record.Kind, encoded, destination[..(int)record.Length], scratch);
            encoded = encoded[(int)record.StoredLength..];
            destination = destination[(int)record.Length..];
        }
    }
}
