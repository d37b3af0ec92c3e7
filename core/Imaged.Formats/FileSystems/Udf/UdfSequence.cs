using System.Buffers.Binary;
using Imaged.Blocks;

namespace Imaged.Formats.Udf;

/// <summary>A partition descriptor.</summary>
/// <param name="Order">Its volume descriptor sequence number; the highest prevails.</param>
/// <param name="Start">First block of the partition in the volume.</param>
/// <param name="Length">Length in blocks.</param>
/// <param name="Access">1 read only, 2 write once, 3 rewritable, 4 overwritable, 0 pseudo-overwritable.</param>
internal sealed record UdfPartitionDescriptor(uint Order, uint Start, uint Length, uint Access);

/// <summary>The volume descriptor sequence that prevails: what the volume says about itself.</summary>
internal sealed class UdfSequence
{
    // Writers use 16 blocks; pointers to further extents add up.
    private const int MaxBlocks = 1024;
    private const int MaxHops = 8;

    private readonly byte[] _block;
    private uint _primaryOrder;
    private uint _logicalOrder;

    private UdfSequence(int blockSize, uint firstBlock)
    {
        BlockSize = blockSize;
        FirstBlock = firstBlock;
        _block = new byte[blockSize];
    }

    /// <summary>Block size in bytes, of the volume and of the file system.</summary>
    public int BlockSize { get; }

    /// <summary>First block of the main sequence, which tells sessions apart.</summary>
    public uint FirstBlock { get; }

    /// <summary>Whether the reserve copy had to be used.</summary>
    public bool FromReserve { get; private set; }

    /// <summary>Volume set identifier, a dstring of 128 bytes; null without a primary volume descriptor.</summary>
    public byte[]? VolumeSet { get; private set; }

    /// <summary>Bytes of the logical volume descriptor up to the end of its partition maps.</summary>
    public byte[] Logical { get; private set; } = [];

    /// <summary>The partitions by their numbers.</summary>
    public Dictionary<ushort, UdfPartitionDescriptor> Partitions { get; } = [];

    /// <summary>What the newest integrity descriptor says; null when there is none.</summary>
    public UdfIntegrity? Integrity { get; private set; }

    /// <summary>Name of the logical volume; null when it has none.</summary>
    public string? Name => UdfText.FromDstring(Logical.AsSpan(84, 128));

    /// <summary>Revision of UDF in BCD: 0x0250 is 2.50; 0 when the domain is not OSTA's.</summary>
    public int Revision => Logical.AsSpan(217, 19).SequenceEqual("*OSTA UDF Compliant"u8)
        ? BinaryPrimitives.ReadUInt16LittleEndian(Logical.AsSpan(240))
        : 0;

    /// <summary>Where the file set descriptors are.</summary>
    public UdfLongAd FileSet => UdfLongAd.Parse(Logical.AsSpan(248));

    /// <summary>Number of partition maps as stored.</summary>
    public uint MapCount => BinaryPrimitives.ReadUInt32LittleEndian(Logical.AsSpan(268));

    /// <summary>The partition maps.</summary>
    public ReadOnlySpan<byte> Maps => Logical.AsSpan(440);

    /// <summary>Reads the sequence that an anchor points to, or its reserve; null when neither describes a volume with
    /// this block size.</summary>
    public static UdfSequence? Read(BlockSource volume, int blockSize, ReadOnlySpan<byte> anchor)
    {
        for (int copy = 0; copy < 2; copy++)
        {
            ReadOnlySpan<byte> extent = anchor[(16 + (copy * 8))..];
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(extent);
            uint block = BinaryPrimitives.ReadUInt32LittleEndian(extent[4..]);
            uint first = BinaryPrimitives.ReadUInt32LittleEndian(anchor[20..]);
            UdfSequence sequence = new(blockSize, first) { FromReserve = copy == 1 };
            sequence.ReadExtent(volume, length, block);
            if (sequence.Logical.Length > 0 && sequence.Partitions.Count > 0)
            {
                sequence.Integrity = UdfIntegrity.Read(volume, blockSize, sequence.Logical);
                return sequence;
            }
        }

        return null;
    }

    /// <summary>Reads a block of the volume; false when it is not inside, not readable, or holds no sound
    /// descriptor.</summary>
    public static bool TryReadDescriptor(BlockSource volume, long block, Span<byte> destination, out UdfTag tag)
    {
        tag = default;
        long offset = block * destination.Length;
        if (offset > volume.Length - destination.Length)
        {
            return false;
        }

        try
        {
            volume.Read(offset, destination);
        }
        catch (IOException)
        {
            // A bad sector: there is another copy of everything that is read here.
            return false;
        }

        return UdfTag.TryParse(destination, out tag) && tag.Covers(destination);
    }

    private void ReadExtent(BlockSource volume, uint length, uint block)
    {
        HashSet<uint> extents = [];
        for (int budget = MaxBlocks; extents.Count < MaxHops && extents.Add(block);)
        {
            uint next = 0;
            uint nextLength = 0;
            for (uint i = 0; i < length / (uint)BlockSize && budget > 0; i++, budget--)
            {
                if (!TryReadDescriptor(volume, (long)block + i, _block, out UdfTag tag))
                {
                    // A blank block ends the sequence; a damaged one costs one descriptor.
                    if (_block.AsSpan(0, UdfTag.Length).ContainsAnyExcept((byte)0))
                    {
                        continue;
                    }

                    break;
                }

                if (tag.Id == UdfTagId.VolumePointer)
                {
                    nextLength = BinaryPrimitives.ReadUInt32LittleEndian(_block.AsSpan(20));
                    next = BinaryPrimitives.ReadUInt32LittleEndian(_block.AsSpan(24));
                }
                else if (tag.Id == UdfTagId.Terminating)
                {
                    break;
                }
                else
                {
                    Take(tag.Id);
                }
            }

            if (nextLength == 0)
            {
                return;
            }

            (length, block) = (nextLength, next);
        }
    }

    private void Take(UdfTagId id)
    {
        ReadOnlySpan<byte> raw = _block;
        uint order = BinaryPrimitives.ReadUInt32LittleEndian(raw[16..]);
        switch (id)
        {
            case UdfTagId.PrimaryVolume when VolumeSet is null || order >= _primaryOrder:
                VolumeSet = raw.Slice(72, 128).ToArray();
                _primaryOrder = order;
                break;
            case UdfTagId.LogicalVolume when Logical.Length == 0 || order >= _logicalOrder:
                uint maps = BinaryPrimitives.ReadUInt32LittleEndian(raw[264..]);
                if (BinaryPrimitives.ReadUInt32LittleEndian(raw[212..]) == BlockSize && maps <= raw.Length - 440)
                {
                    Logical = raw[..(440 + (int)maps)].ToArray();
                    _logicalOrder = order;
                }

                break;
            case UdfTagId.Partition when raw.Slice(25, 5).SequenceEqual("+NSR0"u8):
                ushort number = BinaryPrimitives.ReadUInt16LittleEndian(raw[22..]);
                if ((!Partitions.TryGetValue(number, out UdfPartitionDescriptor? old) || order >= old.Order)
                    && (old is not null || Partitions.Count < UdfVolume.MaxPartitions))
                {
                    Partitions[number] = new(
                        order,
                        BinaryPrimitives.ReadUInt32LittleEndian(raw[188..]),
                        BinaryPrimitives.ReadUInt32LittleEndian(raw[192..]),
                        BinaryPrimitives.ReadUInt32LittleEndian(raw[184..]));
                }

                break;
            default:
                break;
        }
    }
}
