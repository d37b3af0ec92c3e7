using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.Qcow;

/// <summary>The clusters of a qcow image of version 1 that it stores itself.</summary>
internal sealed class QcowSource : MappedSource
{
    private const ulong Compressed = 1ul << 63;

    private readonly QcowHeader _header;
    private readonly int _l2Count;

    /// <summary>The clusters; the file stays its owner's.</summary>
    public QcowSource(QcowHeader header, BlockSource file, BlockCache cache)
        : base(QcowFormat.Info.Id, file, cache, header.Length, 1L << header.ClusterBits, 8)
    {
        _header = header;
        _l2Count = 1 << header.L2Bits;
    }

    /// <inheritdoc/>
    protected override EntryRun Locate(long index)
    {
        int l2Index = (int)(index % _l2Count);
        long left = _l2Count - l2Index;
        ulong at = (ulong)(_header.L1Offset + (index / _l2Count * 8));
        Span<byte> raw = stackalloc byte[8];
        if (!TryReadTable(at, raw))
        {
            return EntryRun.Damaged(at, left, "the L1 table is not inside the file");
        }

        ulong table = BinaryPrimitives.ReadUInt64BigEndian(raw);
        if (table == 0)
        {
            return EntryRun.Missing(left);
        }

        return table > long.MaxValue
            ? EntryRun.Damaged(at, left, $"the L2 table at {table} is not inside the file")
            : EntryRun.At(table + (ulong)(l2Index * 8), left);
    }

    /// <inheritdoc/>
    protected override Chunk Describe(in TableEntry entry)
    {
        ulong value = entry.UInt64Big;
        if ((value & Compressed) != 0)
        {
            return Encoded(entry);
        }

        return value == 0 ? Unallocated(entry) : Stored(entry, ImageFile, value);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        EntryRun run = Locate(chunk.Index);
        Span<byte> raw = stackalloc byte[8];
        bool isThere = TryReadTable(run.Offset, raw);
        Debug.Assert(isThere, "the chunk was described by this entry");
        ulong value = BinaryPrimitives.ReadUInt64BigEndian(raw) & ~Compressed;

        // The offset takes the lower bits, the length of the stream those above.
        int offsetBits = 63 - _header.ClusterBits;
        long offset = (long)(value & ((1ul << offsetBits) - 1));
        int length = (int)Math.Min((long)(value >> offsetBits), Math.Max(0, ImageFile.Length - offset));
        byte[] stored = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            ImageFile.Read(Math.Min(offset, ImageFile.Length), stored.AsSpan(0, length));
            if (DeflateDecoder.DecodePrefix(stored.AsSpan(0, length), destination) != destination.Length)
            {
                QcowFormat.Throw(offset, "the compressed cluster is damaged");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }
}
