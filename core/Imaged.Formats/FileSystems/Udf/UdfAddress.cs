using System.Buffers.Binary;

namespace Imaged.Formats.Udf;

/// <summary>What the two upper bits of an extent's length say (ECMA-167 4/14.14.1.1).</summary>
internal enum UdfExtentType
{
    /// <summary>Holds bytes.</summary>
    Recorded = 0,

    /// <summary>Has space, but reads as zero.</summary>
    Allocated = 1,

    /// <summary>A hole.</summary>
    Hole = 2,

    /// <summary>Holds further allocation descriptors.</summary>
    Continuation = 3,
}

/// <summary>A block of a partition.</summary>
/// <param name="Partition">Partition reference: index in the partition maps.</param>
/// <param name="Block">Block number in that partition.</param>
internal readonly record struct UdfAddress(ushort Partition, uint Block)
{
    /// <summary>The id of the node whose ICB is here: above 2^32, below 2^49, and nothing but this address.</summary>
    public ulong ToNodeId() => ((ulong)(Partition + 1u) << 32) | Block;

    /// <summary>Undoes <see cref="ToNodeId"/>.</summary>
    public static bool TryFromNodeId(ulong id, out UdfAddress address)
    {
        ulong partition = id >> 32;
        address = partition is 0 or > UdfVolume.MaxPartitions
            ? default
            : new((ushort)(partition - 1), unchecked((uint)id));
        return partition is not (0 or > UdfVolume.MaxPartitions);
    }
}

/// <summary>A run of blocks in a partition (ECMA-167 4/14.14.2).</summary>
/// <param name="Type">State of its bytes.</param>
/// <param name="Length">Length in bytes, below 2^30.</param>
/// <param name="Address">Where it begins; means nothing for a hole.</param>
internal readonly record struct UdfLongAd(UdfExtentType Type, uint Length, UdfAddress Address)
{
    /// <summary>Reads a long_ad.</summary>
    public static UdfLongAd Parse(ReadOnlySpan<byte> raw)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(raw);
        return new(
            (UdfExtentType)(length >> 30),
            length & 0x3fffffff,
            new(BinaryPrimitives.ReadUInt16LittleEndian(raw[8..]), BinaryPrimitives.ReadUInt32LittleEndian(raw[4..])));
    }

    /// <summary>Reads a short_ad, whose partition is that of the ICB.</summary>
    public static UdfLongAd ParseShort(ReadOnlySpan<byte> raw, ushort partition)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(raw);
        return new(
            (UdfExtentType)(length >> 30),
            length & 0x3fffffff,
            new(partition, BinaryPrimitives.ReadUInt32LittleEndian(raw[4..])));
    }

    /// <summary>Reads an ext_ad (20 bytes): length, recorded length, information length, address.</summary>
    public static UdfLongAd ParseExtended(ReadOnlySpan<byte> raw)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(raw);
        return new(
            (UdfExtentType)(length >> 30),
            length & 0x3fffffff,
            new(
                BinaryPrimitives.ReadUInt16LittleEndian(raw[16..]),
                BinaryPrimitives.ReadUInt32LittleEndian(raw[12..])));
    }
}
