using System.Buffers;
using System.Buffers.Binary;

namespace Imaged.Formats.Udf;

/// <summary>Reads the allocation descriptors of a file.</summary>
internal static class UdfAllocation
{
    // 24 bytes each in memory; a file of 1 TiB in extents of 1 MiB has as many.
    private const int MaxExtents = 1 << 20;

    // One holds at least 61 descriptors where blocks are 512 bytes.
    private const int MaxContinuations = 65536;

    /// <summary>Finds out where the content of a file lies.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="icb">The file's entry.</param>
    /// <param name="block">The block that the entry is in.</param>
    public static UdfRunList Read(UdfVolume volume, in UdfIcb icb, ReadOnlySpan<byte> block)
    {
        UdfRunList.Builder runs = new(icb.Length);
        if (icb.AllocationKind == 3)
        {
            long position = ((long)icb.Address.Block * volume.BlockSize) + icb.AllocationOffset;
            runs.Add(icb.AllocationLength, icb.Address.Partition, position);
            return runs.Build();
        }

        ReadOnlySpan<byte> descriptors = block.Slice(icb.AllocationOffset, icb.AllocationLength);
        if (!ReadDescriptors(volume, icb, runs, descriptors, out int count, out UdfLongAd next))
        {
            return runs.Build();
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(volume.BlockSize);
        try
        {
            HashSet<UdfAddress> visited = [];
            bool more = true;
            while (more && runs.Described < icb.Length)
            {
                if (!visited.Add(next.Address) || visited.Count > MaxContinuations || count > MaxExtents)
                {
                    volume.Throw(icb.Address, $"the allocation descriptors are more than {MaxExtents} or loop");
                }

                descriptors = ReadContinuation(volume, next.Address, buffer.AsSpan(0, volume.BlockSize));
                more = ReadDescriptors(volume, icb, runs, descriptors, out int added, out next);
                count += added;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return runs.Build();
    }

    private static ReadOnlySpan<byte> ReadContinuation(UdfVolume volume, UdfAddress address, Span<byte> buffer)
    {
        UdfTag tag = volume.ReadDescriptor(address, buffer);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(buffer[20..]);
        if (tag.Id != UdfTagId.AllocationExtent || length > buffer.Length - 24)
        {
            volume.Throw(address, $"tag {(int)tag.Id} with {length} bytes is no allocation extent descriptor");
        }

        return buffer.Slice(24, (int)length);
    }

    // True when the descriptors go on at next.
    private static bool ReadDescriptors(
        UdfVolume volume,
        in UdfIcb icb,
        UdfRunList.Builder runs,
        ReadOnlySpan<byte> raw,
        out int count,
        out UdfLongAd next)
    {
        int size = icb.AllocationKind switch
        {
            0 => 8,
            1 => 16,
            2 => 20,
            _ => volume.Throw<int>(icb.Address, $"allocation descriptors of kind {icb.AllocationKind}, not 0 to 3"),
        };
        for (count = 0; raw.Length >= size; raw = raw[size..], count++)
        {
            next = size switch
            {
                8 => UdfLongAd.ParseShort(raw, icb.Address.Partition),
                16 => UdfLongAd.Parse(raw),
                _ => UdfLongAd.ParseExtended(raw),
            };
            if (next.Length == 0)
            {
                break;
            }

            if (next.Type == UdfExtentType.Continuation)
            {
                return true;
            }

            if (next.Address.Partition >= volume.Partitions.Count && next.Type == UdfExtentType.Recorded)
            {
                volume.Throw(icb.Address, $"an extent is in partition {next.Address.Partition}, which there is not");
            }

            long position = next.Type == UdfExtentType.Recorded ? (long)next.Address.Block * volume.BlockSize : -1;
            runs.Add(next.Length, next.Address.Partition, position);
        }

        next = default;
        return false;
    }
}
