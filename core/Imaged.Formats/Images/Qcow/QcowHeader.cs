using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Qcow;

/// <summary>The header of a qcow image of version 1, checked. Numbers are big endian.</summary>
/// <param name="Length">Length of the disk in bytes.</param>
/// <param name="ClusterBits">Cluster length as a power of two: 9 to 16.</param>
/// <param name="L2Bits">Entries of an L2 table as a power of two: 6 to 13.</param>
/// <param name="L1Offset">Byte offset of the L1 table.</param>
/// <param name="BackingName">Name of the backing file; null for none.</param>
internal sealed record QcowHeader(long Length, int ClusterBits, int L2Bits, long L1Offset, string? BackingName)
{
    private const int HeaderLength = 48;
    private const int MaxNameLength = 1023;

    /// <summary>Parses and checks the header.</summary>
    /// <exception cref="ImageFormatException">It is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">The disk is encrypted.</exception>
    public static QcowHeader Parse(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[HeaderLength];
        int count = file.ReadUpTo(0, raw);
        if (count < HeaderLength)
        {
            QcowFormat.Throw(0, $"the file has {count} bytes, fewer than a header");
        }

        uint version = BinaryPrimitives.ReadUInt32BigEndian(raw[4..]);
        ulong length = BinaryPrimitives.ReadUInt64BigEndian(raw[24..]);
        byte clusterBits = raw[32];
        byte l2Bits = raw[33];
        uint encryption = BinaryPrimitives.ReadUInt32BigEndian(raw[36..]);
        ulong l1Offset = BinaryPrimitives.ReadUInt64BigEndian(raw[40..]);
        if (version != 1)
        {
            QcowFormat.Throw(4, $"version {version} is not 1");
        }

        if (clusterBits is < 9 or > 16)
        {
            QcowFormat.Throw(32, $"cluster_bits {clusterBits} is outside 9..16");
        }

        if (l2Bits is < 6 or > 13)
        {
            QcowFormat.Throw(33, $"l2_bits {l2Bits} is outside 6..13");
        }

        if (encryption != 0)
        {
            throw new UnsupportedFeatureException(QcowFormat.Info.Id, $"encryption (method {encryption})");
        }

        // The L1 table has 8 bytes for each table of this many bytes of disk.
        ulong perL1 = 1ul << (clusterBits + l2Bits);
        ulong l1Length = ((length / perL1) + (length % perL1 == 0 ? 0u : 1u)) * 8;
        if (l1Offset > (ulong)file.Length || l1Length > (ulong)file.Length - l1Offset)
        {
            QcowFormat.Throw(40, $"the L1 table of {l1Length} bytes at {l1Offset} is not inside the file");
        }

        return new((long)length, clusterBits, l2Bits, (long)l1Offset, BackingOf(file, raw));
    }

    private static string? BackingOf(BlockSource file, ReadOnlySpan<byte> raw)
    {
        ulong offset = BinaryPrimitives.ReadUInt64BigEndian(raw[8..]);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(raw[16..]);
        if (offset == 0)
        {
            return null;
        }

        if (length > MaxNameLength || offset > (ulong)file.Length || length > (ulong)file.Length - offset)
        {
            QcowFormat.Throw(8, $"the backing file's name of {length} bytes at {offset} is not inside the file");
        }

        return Encoding.UTF8.GetString(file.ReadBytes((long)offset, (int)length));
    }
}
