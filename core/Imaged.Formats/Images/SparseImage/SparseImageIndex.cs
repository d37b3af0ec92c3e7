using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.SparseImage;

/// <summary>A band that is stored.</summary>
/// <param name="Number">Its number on the disk.</param>
/// <param name="Offset">Byte offset in the file.</param>
internal readonly record struct SparseBand(long Number, long Offset);

/// <summary>The index of a sparse image: a header, and nodes linked behind it, each with the numbers of the bands that
/// follow it.</summary>
/// <param name="Length">Bytes of the disk.</param>
/// <param name="BandLength">Bytes of a band.</param>
/// <param name="Bands">The bands that are stored, by number.</param>
internal sealed record SparseImageIndex(long Length, long BandLength, IReadOnlyList<SparseBand> Bands)
{
    /// <summary>Bytes of the header and of each node.</summary>
    public const int NodeLength = 4096;

    private const uint Version = 3;
    private const int SectorSize = 512;
    private const int HeaderBands = 64;
    private const int NodeBands = 56;
    private const uint MaxBandSectors = 1 << 24;
    private const ulong MaxSectors = 1UL << 53;

    /// <summary>The first four bytes of the header and of each node.</summary>
    public static ReadOnlySpan<byte> Magic => "sprs"u8;

    /// <summary>Reads the index.</summary>
    /// <exception cref="ImageFormatException">It is damaged, or a band is not there.</exception>
    public static SparseImageIndex Read(BlockSource file)
    {
        byte[] node = new byte[NodeLength];
        if (file.ReadUpTo(0, node) < NodeLength || !node.AsSpan().StartsWith(Magic))
        {
            ImageFormatException.Throw(SparseImageFormat.Info.Id, 0, "there is no header");
        }

        uint version = BinaryPrimitives.ReadUInt32BigEndian(node.AsSpan(4));
        uint bandSectors = BinaryPrimitives.ReadUInt32BigEndian(node.AsSpan(8));
        ulong sectors = BinaryPrimitives.ReadUInt64BigEndian(node.AsSpan(28));
        if (sectors == 0)
        {
            // Older versions have the number in 32 bits alone.
            sectors = BinaryPrimitives.ReadUInt32BigEndian(node.AsSpan(16));
        }

        if (version != Version)
        {
            UnsupportedFeatureException.Throw(SparseImageFormat.Info.Id, $"version {version}");
        }

        if (bandSectors is 0 or > MaxBandSectors || sectors is 0 or > MaxSectors)
        {
            ImageFormatException.Throw(
                SparseImageFormat.Info.Id, 8, $"{sectors} sectors in bands of {bandSectors} sectors");
        }

        long bandLength = (long)bandSectors * SectorSize;
        long length = (long)sectors * SectorSize;
        return new(length, bandLength, ReadBands(file, node, length, bandLength));
    }

    private static List<SparseBand> ReadBands(BlockSource file, byte[] node, long length, long bandLength)
    {
        SortedDictionary<long, long> bands = [];
        long bandCount = (length + bandLength - 1) / bandLength;
        long offset = 0;
        ulong next = BinaryPrimitives.ReadUInt64BigEndian(node.AsSpan(20));
        AddBands(node.AsSpan(HeaderBands), offset, file.Length, bandLength, bandCount, bands);
        while (next != 0)
        {
            // Nodes stand behind each other: so the chain has an end.
            if (next > (ulong)file.Length || (long)next < offset + NodeLength
                || file.ReadUpTo((long)next, node) < NodeLength || !node.AsSpan().StartsWith(Magic))
            {
                ImageFormatException.Throw(
                    SparseImageFormat.Info.Id, offset, $"the next index node, at {next}, is not there");
            }

            offset = (long)next;
            next = BinaryPrimitives.ReadUInt64BigEndian(node.AsSpan(12));
            AddBands(node.AsSpan(NodeBands), offset, file.Length, bandLength, bandCount, bands);
        }

        return [.. bands.Select(band => new SparseBand(band.Key, band.Value))];
    }

    private static void AddBands(
        ReadOnlySpan<byte> slots,
        long node,
        long fileLength,
        long bandLength,
        long bandCount,
        SortedDictionary<long, long> bands)
    {
        long offset = node + NodeLength;
        for (; !slots.IsEmpty; slots = slots[sizeof(uint)..], offset += bandLength)
        {
            // Counted from 1; 0 is a slot that is not used.
            long number = (long)BinaryPrimitives.ReadUInt32BigEndian(slots) - 1;
            if (number < 0)
            {
                continue;
            }

            if (number >= bandCount || offset >= fileLength || !bands.TryAdd(number, offset))
            {
                ImageFormatException.Throw(
                    SparseImageFormat.Info.Id,
                    node,
                    $"band {number} of {bandCount} is there twice, or stands at {offset} behind the end of the file");
            }
        }
    }
}
