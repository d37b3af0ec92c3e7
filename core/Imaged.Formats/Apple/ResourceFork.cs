using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apple;

/// <summary>Resource forks (Inside Macintosh: More Macintosh Toolbox, chapter 1): typed and numbered pieces of data,
/// found by a map behind them.</summary>
internal static class ResourceFork
{
    private const int HeaderLength = 16;
    private const int MaxMapLength = 1 << 20;
    private const int MaxDataLength = 64 << 20;
    private const int TypeLength = 8;
    private const int ReferenceLength = 12;

    /// <summary>Reads all resources of one type, in the order of the map.</summary>
    /// <param name="format">Who asks, for errors.</param>
    /// <param name="fork">The fork.</param>
    /// <param name="type">The four bytes of the type.</param>
    /// <param name="maxCount">How many there may be.</param>
    /// <exception cref="ImageFormatException">The fork is damaged, or the resources are too many or too
    /// long.</exception>
    public static List<byte[]> Read(string format, BlockSource fork, ReadOnlySpan<byte> type, int maxCount)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        if (fork.ReadUpTo(0, header) < HeaderLength)
        {
            ImageFormatException.Throw(format, 0, $"the resource fork has {fork.Length} bytes");
        }

        long dataOffset = BinaryPrimitives.ReadUInt32BigEndian(header);
        long mapOffset = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        long mapLength = BinaryPrimitives.ReadUInt32BigEndian(header[12..]);
        if (mapLength is < 30 or > MaxMapLength || mapOffset + mapLength > fork.Length)
        {
            ImageFormatException.Throw(format, 4, $"the resource map has {mapLength} bytes at {mapOffset}");
        }

        byte[] map = fork.ReadBytes(mapOffset, (int)mapLength);
        List<byte[]> resources = [];
        long total = 0;
        foreach (int reference in FindReferences(map, type, maxCount + 1))
        {
            long at = dataOffset + (BinaryPrimitives.ReadUInt32BigEndian(map.AsSpan(reference + 4)) & 0xffffff);
            Span<byte> prefix = header[..4];
            long length = fork.ReadUpTo(at, prefix) < 4 ? -1 : BinaryPrimitives.ReadUInt32BigEndian(prefix);
            total += length;
            if (length < 0 || length > fork.Length - at - 4 || total > MaxDataLength || resources.Count == maxCount)
            {
                ImageFormatException.Throw(format, at, $"a resource has {length} bytes, or there are too many");
            }

            resources.Add(fork.ReadBytes(at + 4, (int)length));
        }

        return resources;
    }

    // Offsets in the map of the references to the resources of the type; what lies outside the map is left out.
    private static List<int> FindReferences(ReadOnlySpan<byte> map, ReadOnlySpan<byte> type, int maxCount)
    {
        List<int> references = [];
        int types = BinaryPrimitives.ReadUInt16BigEndian(map[24..]);
        int typeCount = types + 2 > map.Length ? 0 : (BinaryPrimitives.ReadUInt16BigEndian(map[types..]) + 1) & 0xffff;
        for (int i = 0; i < typeCount; i++)
        {
            int at = types + 2 + (i * TypeLength);
            if (at + TypeLength > map.Length)
            {
                break;
            }

            if (!map.Slice(at, 4).SequenceEqual(type))
            {
                continue;
            }

            int count = (BinaryPrimitives.ReadUInt16BigEndian(map[(at + 4)..]) + 1) & 0xffff;
            int list = types + BinaryPrimitives.ReadUInt16BigEndian(map[(at + 6)..]);
            count = Math.Min(count, maxCount - references.Count);
            for (int k = 0; k < count && list + ((k + 1) * ReferenceLength) <= map.Length; k++)
            {
                references.Add(list + (k * ReferenceLength));
            }
        }

        return references;
    }
}
