using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Qed;

/// <summary>The header of a QED image, checked (QEMU's docs/interop/qed_spec). Numbers are little endian.</summary>
/// <param name="Length">Length of the disk in bytes.</param>
/// <param name="ClusterLength">Length of a cluster in bytes: a power of two from 4 KiB to 64 MiB.</param>
/// <param name="TableCount">Entries of a table of either level.</param>
/// <param name="L1Offset">Byte offset of the L1 table.</param>
/// <param name="Features">Incompatible features.</param>
/// <param name="BackingName">Name of the backing file; null for none.</param>
internal sealed record QedHeader(
    long Length, int ClusterLength, long TableCount, ulong L1Offset, QedFeatures Features, string? BackingName)
{
    private const int HeaderLength = 64;
    private const uint MinCluster = 4 << 10;
    private const uint MaxCluster = 64 << 20;
    private const int MaxNameLength = 1023;

    /// <summary>Parses and checks the header.</summary>
    /// <exception cref="ImageFormatException">It is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">The image has a feature that is not known.</exception>
    public static QedHeader Parse(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[HeaderLength];
        int count = file.ReadUpTo(0, raw);
        if (count < HeaderLength)
        {
            QedFormat.Throw(0, $"the file has {count} bytes, fewer than a header");
        }

        uint cluster = BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]);
        uint tableClusters = BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]);
        var features = (QedFeatures)BinaryPrimitives.ReadUInt64LittleEndian(raw[16..]);
        ulong l1Offset = BinaryPrimitives.ReadUInt64LittleEndian(raw[40..]);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(raw[48..]);
        if (cluster is < MinCluster or > MaxCluster || !uint.IsPow2(cluster))
        {
            QedFormat.Throw(4, $"the cluster size {cluster} is no power of two from {MinCluster} to {MaxCluster}");
        }

        if (tableClusters is < 1 or > 16 || !uint.IsPow2(tableClusters))
        {
            QedFormat.Throw(8, $"the table size of {tableClusters} clusters is no power of two from 1 to 16");
        }

        if ((features & ~QedFeatures.Known) != 0)
        {
            throw new UnsupportedFeatureException(QedFormat.Info.Id, $"one of the features {(ulong)features:x}");
        }

        long tableCount = (long)tableClusters * cluster / 8;
        if (length / cluster / (ulong)tableCount > (ulong)tableCount || length > long.MaxValue)
        {
            QedFormat.Throw(48, $"the size {length} is more than the tables can hold");
        }

        if (l1Offset == 0 || l1Offset % cluster != 0 || l1Offset >= (ulong)file.Length)
        {
            QedFormat.Throw(40, $"the L1 table at {l1Offset} is not at a cluster of the file");
        }

        string? backing = features.HasFlag(QedFeatures.Backing) ? BackingOf(file, raw) : null;
        return new((long)length, (int)cluster, tableCount, l1Offset, features, backing);
    }

    private static string BackingOf(BlockSource file, ReadOnlySpan<byte> raw)
    {
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(raw[56..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(raw[60..]);
        if (length > MaxNameLength || offset + (ulong)length > (ulong)file.Length)
        {
            QedFormat.Throw(56, $"the backing file's name of {length} bytes at {offset} is not inside the file");
        }

        return Encoding.UTF8.GetString(file.ReadBytes(offset, (int)length));
    }
}
