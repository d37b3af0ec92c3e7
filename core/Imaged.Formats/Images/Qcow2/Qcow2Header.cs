using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Qcow2;

/// <summary>The header of a qcow2 image, checked (docs/interop/qcow2.txt of QEMU, "Header"). Numbers are big
/// endian.</summary>
/// <param name="Version">2 or 3.</param>
/// <param name="ClusterBits">Cluster length as a power of two: 9 to 21.</param>
/// <param name="Length">Length of the disk in bytes.</param>
/// <param name="L1Count">Entries of the L1 table.</param>
/// <param name="L1Offset">Byte offset of the L1 table.</param>
/// <param name="Features">Incompatible features.</param>
/// <param name="IsZstd">Whether compressed clusters are Zstandard frames; else deflate streams.</param>
internal sealed record Qcow2Header(
    uint Version, int ClusterBits, long Length, int L1Count, long L1Offset, Qcow2Features Features, bool IsZstd)
{
    private const int LengthV2 = 72;
    private const int LengthV3 = 104;

    // 2^22 entries: with clusters of 64 KiB that is 2 EiB of disk.
    private const int MaxL1Length = 32 << 20;
    private const long MaxLength = 1L << 62;
    private const int MaxNameLength = 1023;
    private const int MaxSnapshots = 65536;

    /// <summary>Length of the header itself in bytes; extensions follow.</summary>
    public int HeaderLength { get; private init; }

    /// <summary>Byte offset of the backing file's name; 0 for none.</summary>
    public long BackingOffset { get; private init; }

    /// <summary>Length of the backing file's name in bytes.</summary>
    public int BackingLength { get; private init; }

    /// <summary>Number of internal snapshots.</summary>
    public int SnapshotCount { get; private init; }

    /// <summary>Byte offset of the snapshot table.</summary>
    public ulong SnapshotOffset { get; private init; }

    /// <summary>Length of a cluster in bytes.</summary>
    public int ClusterLength => 1 << ClusterBits;

    /// <summary>Length of an entry of an L2 table in bytes.</summary>
    public int EntryLength => Features.HasFlag(Qcow2Features.ExtendedL2) ? 16 : 8;

    /// <summary>Entries of an L2 table.</summary>
    public int L2Count => ClusterLength / EntryLength;

    /// <summary>Parses and checks the header.</summary>
    /// <exception cref="ImageFormatException">It is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">The disk is encrypted, or compressed in an unknown
    /// way.</exception>
    public static Qcow2Header Parse(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[LengthV3 + 8];
        int count = file.ReadUpTo(0, raw);
        raw[count..].Clear();
        if (count < LengthV2)
        {
            Qcow2Format.Throw(0, $"the file has {count} bytes, fewer than a header");
        }

        uint version = BinaryPrimitives.ReadUInt32BigEndian(raw[4..]);
        uint clusterBits = BinaryPrimitives.ReadUInt32BigEndian(raw[20..]);
        ulong length = BinaryPrimitives.ReadUInt64BigEndian(raw[24..]);
        if (version is not (2 or 3))
        {
            throw new UnsupportedFeatureException(Qcow2Format.Info.Id, $"version {version}");
        }

        if (clusterBits is < 9 or > 21)
        {
            Qcow2Format.Throw(20, $"cluster_bits {clusterBits} is outside 9..21");
        }

        if (length > MaxLength)
        {
            Qcow2Format.Throw(24, $"the size {length} is above {MaxLength}");
        }

        CheckEncryption(BinaryPrimitives.ReadUInt32BigEndian(raw[32..]));
        uint headerLength = version == 2 ? LengthV2 : BinaryPrimitives.ReadUInt32BigEndian(raw[100..]);
        if (version == 3 && (headerLength < LengthV3 || headerLength % 8 != 0 || headerLength > 1u << (int)clusterBits))
        {
            Qcow2Format.Throw(100, $"the header length {headerLength} is no multiple of 8 up to a cluster");
        }

        Qcow2Features features = version == 2
            ? Qcow2Features.None
            : (Qcow2Features)BinaryPrimitives.ReadUInt64BigEndian(raw[72..]);
        byte compression = headerLength > LengthV3 ? raw[104] : (byte)0;
        CheckCompression(features, compression, clusterBits);
        Qcow2Header header = new(
            version,
            (int)clusterBits,
            (long)length,
            CheckL1Count(BinaryPrimitives.ReadUInt32BigEndian(raw[36..]), 36),
            (long)Math.Min(long.MaxValue, BinaryPrimitives.ReadUInt64BigEndian(raw[40..])),
            features,
            compression == 1)
        {
            HeaderLength = (int)headerLength,
            BackingOffset = (long)Math.Min(long.MaxValue, BinaryPrimitives.ReadUInt64BigEndian(raw[8..])),
            BackingLength = (int)Math.Min(int.MaxValue, BinaryPrimitives.ReadUInt32BigEndian(raw[16..])),
            SnapshotCount = (int)Math.Min(int.MaxValue, BinaryPrimitives.ReadUInt32BigEndian(raw[60..])),
            SnapshotOffset = BinaryPrimitives.ReadUInt64BigEndian(raw[64..]),
        };
        header.Check(file);
        return header;
    }

    /// <summary>The header with the disk of a snapshot in the place of the disk of now, checked.</summary>
    /// <exception cref="ImageFormatException">The snapshot is wrong.</exception>
    public Qcow2Header At(Qcow2Snapshot snapshot, BlockSource file)
    {
        // A snapshot without a length of its own was taken of a disk of today's length.
        ulong length = snapshot.Length ?? (ulong)Length;
        if (length > MaxLength)
        {
            Qcow2Format.Throw(snapshot.Offset, $"the size {length} of the snapshot is above {MaxLength}");
        }

        Qcow2Header header = this with
        {
            Length = (long)length,
            L1Count = CheckL1Count(snapshot.L1Count, snapshot.Offset + 8),
            L1Offset = (long)Math.Min(long.MaxValue, snapshot.L1Offset),
        };
        header.Check(file);
        return header;
    }

    private static int CheckL1Count(uint count, long offset)
    {
        if (count > MaxL1Length / 8)
        {
            Qcow2Format.Throw(offset, $"the L1 table has {count} entries, more than {MaxL1Length / 8}");
        }

        return (int)count;
    }

    private static void CheckEncryption(uint method)
    {
        switch (method)
        {
            case 0:
                break;
            case 1:
                throw new UnsupportedFeatureException(Qcow2Format.Info.Id, "encryption with AES (method 1)");
            case 2:
                throw new UnsupportedFeatureException(Qcow2Format.Info.Id, "encryption with LUKS");
            default:
                Qcow2Format.Throw(32, $"the encryption method {method} is not 0, 1 or 2");
                break;
        }
    }

    private static void CheckCompression(Qcow2Features features, byte compression, uint clusterBits)
    {
        if (compression > 1)
        {
            throw new UnsupportedFeatureException(Qcow2Format.Info.Id, $"compression type {compression}");
        }

        if (features.HasFlag(Qcow2Features.CompressionType) != (compression != 0))
        {
            Qcow2Format.Throw(104, $"compression type {compression} does not go with the feature bits");
        }

        if (features.HasFlag(Qcow2Features.ExtendedL2) && clusterBits < 14)
        {
            Qcow2Format.Throw(20, $"cluster_bits {clusterBits} is below 14, which extended L2 entries need");
        }
    }

    private void Check(BlockSource file)
    {
        long perL1 = (long)L2Count * ClusterLength;
        long needed = (Length / perL1) + (Length % perL1 == 0 ? 0 : 1);
        if (L1Count < needed)
        {
            Qcow2Format.Throw(36, $"the L1 table has {L1Count} entries, the disk needs {needed}");
        }

        if (L1Count > 0 && (L1Offset % ClusterLength != 0 || L1Offset > file.Length - (L1Count * 8L)))
        {
            Qcow2Format.Throw(40, $"the L1 table at {L1Offset} is not at a cluster of the file");
        }

        if (BackingOffset != 0 && (BackingLength > MaxNameLength || BackingOffset > ClusterLength - BackingLength))
        {
            Qcow2Format.Throw(8, $"the backing file's name at {BackingOffset} is not inside the first cluster");
        }

        if (SnapshotCount > MaxSnapshots)
        {
            Qcow2Format.Throw(60, $"there are {SnapshotCount} snapshots, more than {MaxSnapshots}");
        }
    }
}
