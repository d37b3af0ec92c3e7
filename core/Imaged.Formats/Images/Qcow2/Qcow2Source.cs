using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.Qcow2;

/// <summary>The clusters of a qcow2 image that it stores itself (specification, "Cluster mapping").</summary>
internal sealed class Qcow2Source : MappedSource
{
    private const ulong OffsetMask = 0x00ff_ffff_ffff_fe00;
    private const ulong Compressed = 1ul << 62;
    private const ulong Copied = 1ul << 63;
    private const int Subclusters = 32;

    private readonly Qcow2Header _header;
    private readonly BlockSource _data;
    private readonly bool _isExternal;
    private readonly bool _isExtended;

    /// <summary>The clusters; both files stay their owners'.</summary>
    /// <param name="header">The header.</param>
    /// <param name="file">The image.</param>
    /// <param name="data">The file that has the clusters: the image itself, or the external data file.</param>
    /// <param name="cache">For tables and decoded clusters.</param>
    public Qcow2Source(Qcow2Header header, BlockSource file, BlockSource data, BlockCache cache)
        : base(Qcow2Format.Info.Id, file, cache, header.Length, header.ClusterLength, header.EntryLength)
    {
        _header = header;
        _data = data;
        _isExternal = header.Features.HasFlag(Qcow2Features.ExternalData);
        _isExtended = header.Features.HasFlag(Qcow2Features.ExtendedL2);
    }

    /// <inheritdoc/>
    protected override EntryRun Locate(long index)
    {
        long l1Index = index / _header.L2Count;
        int l2Index = (int)(index % _header.L2Count);
        long left = _header.L2Count - l2Index;
        ulong at = (ulong)(_header.L1Offset + (l1Index * 8));
        Span<byte> raw = stackalloc byte[8];
        if (!TryReadTable(at, raw))
        {
            return EntryRun.Damaged(at, left, "the L1 table is not inside the file");
        }

        ulong table = BinaryPrimitives.ReadUInt64BigEndian(raw) & OffsetMask;
        if (table == 0)
        {
            return EntryRun.Missing(left);
        }

        return table % (ulong)_header.ClusterLength != 0
            ? EntryRun.Damaged(at, left, $"the L2 table at {table} does not begin at a cluster")
            : EntryRun.At(table + (ulong)(l2Index * _header.EntryLength), left);
    }

    /// <inheritdoc/>
    protected override Chunk Describe(in TableEntry entry)
    {
        ulong value = entry.UInt64Big;
        if ((value & Compressed) != 0)
        {
            return _isExternal
                ? Damaged(entry, "a cluster of an external data file is said to be compressed")
                : Encoded(entry);
        }

        ulong host = value & OffsetMask;
        if (host % (ulong)_header.ClusterLength != 0)
        {
            return Damaged(entry, $"the cluster at {host} does not begin at a cluster");
        }

        // In a data file the first cluster may stand at offset 0; the copied flag then tells that it is there.
        bool isAllocated = host != 0 || (_isExternal && (value & Copied) != 0);
        if (_isExternal && isAllocated && host != (ulong)(entry.Index * UnitLength))
        {
            return Damaged(entry, $"the cluster at {host} of the data file is not where the disk has it");
        }

        if (_isExtended)
        {
            return DescribeSubclusters(entry, host, isAllocated);
        }

        if ((value & 1) != 0)
        {
            return _header.Version == 2 ? Damaged(entry, "a zero cluster in an image of version 2") : Zero(entry);
        }

        return isAllocated ? Stored(entry, _data, host) : Unallocated(entry);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        EntryRun run = Locate(chunk.Index);
        Span<byte> raw = stackalloc byte[8];
        bool isThere = TryReadTable(run.Offset, raw);
        Debug.Assert(isThere, "the chunk was described by this entry");
        ulong value = BinaryPrimitives.ReadUInt64BigEndian(raw);

        // The offset takes the lower bits, how many more sectors the stream reaches into those above.
        int offsetBits = 62 - (_header.ClusterBits - 8);
        long offset = (long)(value & ((1ul << offsetBits) - 1));
        int sectors = (int)((value & (Compressed - 1)) >> offsetBits) + 1;
        int length = (sectors * 512) - (int)(offset % 512);

        // The last sector need not be complete at the end of the file.
        length = (int)Math.Min(length, Math.Max(0, ImageFile.Length - offset));
        if (length == 0)
        {
            Qcow2Format.Throw((long)run.Offset, $"the compressed cluster at {offset} lies behind the end of the file");
        }

        byte[] stored = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            ImageFile.Read(offset, stored.AsSpan(0, length));
            if (Inflate(stored.AsSpan(0, length), destination) != destination.Length)
            {
                Qcow2Format.Throw(offset, "the compressed cluster is damaged");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    private int Inflate(ReadOnlySpan<byte> stored, Span<byte> destination)
    {
        if (!_header.IsZstd)
        {
            return DeflateDecoder.DecodePrefix(stored, destination);
        }

        if (destination.Length == _header.ClusterLength)
        {
            return ZstdDecoder.DecodeFrame(Qcow2Format.Info.Id, stored, destination);
        }

        // The end of the disk cuts the last cluster off, but the frame has it whole.
        byte[] whole = ArrayPool<byte>.Shared.Rent(_header.ClusterLength);
        try
        {
            int count = ZstdDecoder.DecodeFrame(Qcow2Format.Info.Id, stored, whole.AsSpan(0, _header.ClusterLength));
            count = Math.Min(count, destination.Length);
            whole.AsSpan(0, Math.Max(count, 0)).CopyTo(destination);
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    // Extended L2 entries: of the second 64 bits the lower half tells which subclusters are stored, the upper half
    // which are zero. The chunk begins at the subcluster that is asked for and takes those in that are like it.
    private Chunk DescribeSubclusters(in TableEntry entry, ulong host, bool isAllocated)
    {
        ulong bitmap = BinaryPrimitives.ReadUInt64BigEndian(entry.Raw[8..]);
        uint stored = (uint)(bitmap & uint.MaxValue);
        uint zero = (uint)(bitmap >> 32);
        if ((stored & zero) != 0 || (stored != 0 && !isAllocated))
        {
            return Damaged(entry, $"the subcluster bitmap {bitmap:x16} contradicts itself");
        }

        long length = UnitLength / Subclusters;
        long unit = entry.Index * UnitLength;
        int first = (int)((entry.Wanted - unit) / length);
        int end = first + 1;
        while (end < Subclusters && ((stored >> end) & 1) == ((stored >> first) & 1)
            && ((zero >> end) & 1) == ((zero >> first) & 1))
        {
            end++;
        }

        long begin = unit + (first * length);
        length = Math.Min((end - first) * length, Length - begin);
        if (((zero >> first) & 1) != 0)
        {
            return Chunk.Zero(begin, length);
        }

        return ((stored >> first) & 1) == 0
            ? Chunk.Unallocated(begin, length)
            : Stored(entry, begin, length, _data, host + (ulong)(begin - unit));
    }
}
