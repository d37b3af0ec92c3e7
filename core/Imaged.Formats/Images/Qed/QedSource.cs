using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.Qed;

/// <summary>The clusters of a QED image that it stores itself.</summary>
internal sealed class QedSource : MappedSource
{
    private readonly QedHeader _header;

    /// <summary>The clusters; the file stays its owner's.</summary>
    public QedSource(QedHeader header, BlockSource file, BlockCache cache)
        : base(QedFormat.Info.Id, file, cache, header.Length, header.ClusterLength, 8)
    {
        _header = header;
    }

    /// <inheritdoc/>
    protected override EntryRun Locate(long index)
    {
        long l2Index = index % _header.TableCount;
        long left = _header.TableCount - l2Index;
        ulong at = _header.L1Offset + (ulong)(index / _header.TableCount * 8);
        Span<byte> raw = stackalloc byte[8];
        if (!TryReadTable(at, raw))
        {
            return EntryRun.Damaged(at, left, "the L1 table is not inside the file");
        }

        ulong table = BinaryPrimitives.ReadUInt64LittleEndian(raw);
        if (table == 0)
        {
            return EntryRun.Missing(left);
        }

        return table > long.MaxValue || table % (ulong)_header.ClusterLength != 0
            ? EntryRun.Damaged(at, left, $"the L2 table at {table} does not begin at a cluster")
            : EntryRun.At(table + (ulong)(l2Index * 8), left);
    }

    /// <inheritdoc/>
    protected override Chunk Describe(in TableEntry entry)
    {
        ulong value = entry.UInt64Little;
        return value switch
        {
            0 => Unallocated(entry),
            1 => Zero(entry),
            _ when value % (ulong)_header.ClusterLength != 0 =>
                Damaged(entry, $"the cluster at {value} does not begin at a cluster"),
            _ => Stored(entry, ImageFile, value),
        };
    }
}
