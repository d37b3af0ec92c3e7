using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Partitions;

/// <summary>Gathers the partitions of one table: clips them to the disk, leaves out what lies behind its end, and
/// remembers why.</summary>
internal sealed class PartitionCollector
{
    // More than any table in the wild holds; a hostile one could name thousands.
    private const int MaxPartitions = 256;
    private const int MaxWarnings = 32;

    private readonly List<Partition> _partitions = [];
    private readonly List<string> _warnings = [];
    private readonly long _diskLength;

    public PartitionCollector(BlockSource disk, int sectorSize)
    {
        _diskLength = disk.Length;
        SectorSize = sectorSize;
    }

    public int SectorSize { get; }

    public bool IsFull => _partitions.Count >= MaxPartitions;

    public void Warn(string warning)
    {
        if (_warnings.Count < MaxWarnings)
        {
            _warnings.Add(warning);
        }
    }

    /// <summary>Adds a partition of <paramref name="count"/> sectors from LBA <paramref name="first"/> on.</summary>
    /// <param name="partition">All but offset and length.</param>
    /// <param name="first">First sector.</param>
    /// <param name="count">Number of sectors, as the table says.</param>
    public void Add(Partition partition, ulong first, ulong count)
    {
        if (IsFull)
        {
            Warn($"only the first {MaxPartitions} partitions are listed");
            return;
        }

        if (count == 0 || first >= (ulong)_diskLength / (ulong)SectorSize)
        {
            Warn($"partition {partition.Number} begins behind the end of the disk (sector {first}) and is left out");
            return;
        }

        long offset = (long)first * SectorSize;
        long rest = _diskLength - offset;
        long length = rest;
        if (count <= (ulong)rest / (ulong)SectorSize)
        {
            length = (long)count * SectorSize;
        }
        else
        {
            Warn($"partition {partition.Number} reaches behind the end of the disk ({count} sectors, "
                + $"{rest / SectorSize} are there)");
        }

        _partitions.Add(partition with { Offset = offset, Length = length });
    }

    public PartitionTable ToTable(string typeId, string? uuid) => new(
        typeId, SectorSize, [.. _partitions.OrderBy(partition => partition.Number)])
    {
        Uuid = uuid,
        Warnings = [.. _warnings],
    };

    /// <summary>Fills <paramref name="destination"/>, or returns false when it does not lie inside the disk.</summary>
    public static bool TryRead(BlockSource disk, long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > disk.Length - destination.Length)
        {
            return false;
        }

        disk.Read(offset, destination);
        return true;
    }
}
