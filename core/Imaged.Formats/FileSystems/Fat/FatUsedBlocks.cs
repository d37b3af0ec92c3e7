using System.Buffers;
using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Fat;

/// <summary>The clusters in use: those whose entry in a FAT is neither zero nor the one of bad clusters.</summary>
internal sealed class FatUsedBlocks : IUsedBlockMap
{
    // Entries that are read at a time: 512 KiB of a FAT32, and whole bytes of a FAT12.
    private const int ChunkEntries = 1 << 17;

    private readonly BlockSource _volume;
    private readonly FatGeometry _geometry;
    private readonly ClusterTable _table;
    private readonly BlockSet _used;

    private FatUsedBlocks(BlockSource volume, FatGeometry geometry)
    {
        _volume = volume;
        _geometry = geometry;
        _table = new ClusterTable(volume, geometry);
        _used = ClusterBitmap.NewSet(volume, geometry.DataOffset, geometry.ClusterSize);
    }

    public static string FileSystem => FatFileSystem.Id;

    public static UsedBlocks Read(BlockSource volume)
    {
        if (!FatGeometry.TryRead(volume, out FatGeometry? geometry))
        {
            ImageFormatException.Throw(FileSystem, 0, "there is no BIOS parameter block");
        }

        return geometry.Length > volume.Length
            ? UsedBlocks.Whole(volume.Length, FileSystem, "the volume is shorter than the file system")
            : new FatUsedBlocks(volume, geometry).Read();
    }

    private UsedBlocks Read()
    {
        long end = _geometry.ClusterOffset(ClusterLayout.FirstCluster + _geometry.ClusterCount);
        _used.Mark(0, _geometry.DataOffset);
        _used.Mark(end, _volume.Length - end);

        // There is no journal that could be ahead of the FAT, and lost clusters stay: a volume that was not unmounted
        // is only worth a word.
        ImmutableArray<string> warnings = FatVolume.Describe(_volume, _geometry).Warnings;
        return new(FileSystem, _used)
        {
            Warnings = MarkTables()
                ? [.. warnings, "its file allocation tables differ: what any of them has in use is saved"]
                : warnings,
        };
    }

    // Returns whether the copies differ.
    private bool MarkTables()
    {
        long entries = _geometry.ClusterCount + (long)ClusterLayout.FirstCluster;
        long first = _geometry.RootOffset - (_geometry.FatCount * _geometry.FatLength);
        byte[] table = ArrayPool<byte>.Shared.Rent(ChunkEntries * sizeof(uint));
        byte[] copy = ArrayPool<byte>.Shared.Rent(ChunkEntries * sizeof(uint));
        try
        {
            bool isDifferent = false;
            for (long entry = 0; entry < entries; entry += ChunkEntries)
            {
                int count = (int)Math.Min(ChunkEntries, entries - entry);
                int length = (int)((((long)count * _geometry.Bits) + 7) / 8);
                long offset = first + (entry * _geometry.Bits / 8);
                _volume.Read(offset, table.AsSpan(0, length));
                MarkClusters(table.AsSpan(0, length), entry, count);
                for (int i = 1; i < _geometry.FatCount; i++)
                {
                    _volume.Read(offset + (i * _geometry.FatLength), copy.AsSpan(0, length));
                    if (!copy.AsSpan(0, length).SequenceEqual(table.AsSpan(0, length)))
                    {
                        MarkClusters(copy.AsSpan(0, length), entry, count);
                        isDifferent = true;
                    }
                }
            }

            return isDifferent;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(table);
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    private void MarkClusters(ReadOnlySpan<byte> entries, long firstEntry, int count)
    {
        int run = -1;
        for (int i = 0; i <= count; i++)
        {
            bool isUsed = i < count && firstEntry + i >= ClusterLayout.FirstCluster
                && _table.IsUsed(entries, (uint)i);
            if (isUsed && run < 0)
            {
                run = i;
            }
            else if (!isUsed && run >= 0)
            {
                _used.Mark(
                    _geometry.ClusterOffset((uint)(firstEntry + run)), (long)(i - run) * _geometry.ClusterSize);
                run = -1;
            }
        }
    }
}
