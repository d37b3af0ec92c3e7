using Imaged.Formats.Shared;

namespace Imaged.Formats.Ntfs;

/// <summary>Puts the runs of an attribute together, extent by extent. What is damaged ends it; the runs before
/// stay.</summary>
internal sealed class NtfsRunList
{
    // What they take in memory has an end: 48 MB. Windows gives up at fewer fragments.
    private const int MaxRuns = 2_000_000;

    private const long Hole = -1;

    private readonly NtfsBootSector _boot;
    private readonly List<ClusterRun> _runs = [];

    public NtfsRunList(NtfsBootSector boot) => _boot = boot;

    /// <summary>Bytes that the runs have.</summary>
    public long Length { get; private set; }

    /// <summary>Why they end early; null when they do not.</summary>
    public string? Damage { get; private set; }

    public ClusterChain ToChain() => new([.. _runs], Damage);

    /// <summary>Adds the runs of the next extent.</summary>
    public void Append(NtfsAttribute extent)
    {
        if (Damage is not null)
        {
            return;
        }

        long next = Length / _boot.ClusterSize;
        if (extent.IsResident || extent.FirstCluster != next)
        {
            Damage = extent.IsResident
                ? "an extent of an attribute has a value instead of clusters"
                : $"an extent of an attribute begins with cluster {extent.FirstCluster}, not {next}";
            return;
        }

        Append(extent.Runs);
    }

    // Each run: a byte with the lengths of two numbers, the number of clusters, and the distance of the first one from
    // that of the run before; without a distance it is a hole. A zero byte ends them.
    private void Append(ReadOnlySpan<byte> pairs)
    {
        long cluster = 0;
        while (!pairs.IsEmpty && pairs[0] != 0)
        {
            int countLength = pairs[0] & 0x0f;
            int distanceLength = pairs[0] >> 4;
            if (countLength is 0 or > 8 || distanceLength > 8 || pairs.Length <= countLength + distanceLength)
            {
                Damage = "the runs of an attribute are damaged";
                return;
            }

            long count = ReadSigned(pairs.Slice(1, countLength));
            cluster = unchecked(cluster + ReadSigned(pairs.Slice(1 + countLength, distanceLength)));
            pairs = pairs[(1 + countLength + distanceLength)..];
            if (distanceLength > 0 && cluster < 0)
            {
                Damage = $"a run begins at cluster {cluster}";
                return;
            }

            if (!Add(distanceLength == 0 ? Hole : cluster, count))
            {
                return;
            }
        }
    }

    private bool Add(long cluster, long count)
    {
        long rest = (long.MaxValue - Length) / _boot.ClusterSize;
        bool isInside = cluster == Hole
            || (cluster >= 0 && cluster < _boot.ClusterCount && count <= _boot.ClusterCount - cluster);
        if (count <= 0 || count > rest || !isInside)
        {
            Damage = $"a run of {count} clusters at cluster {cluster} is none of the volume";
            return false;
        }

        long length = count * _boot.ClusterSize;
        long offset = cluster == Hole ? Hole : cluster * _boot.ClusterSize;
        if (_runs.Count > 0 && _runs[^1] is ClusterRun last
            && (offset == Hole ? last.IsHole : !last.IsHole && last.VolumeOffset + last.Length == offset))
        {
            _runs[^1] = last with { Length = last.Length + length };
        }
        else if (_runs.Count == MaxRuns)
        {
            Damage = $"an attribute has more than {MaxRuns} fragments";
            return false;
        }
        else
        {
            _runs.Add(new(Length, offset, length));
        }

        Length += length;
        return true;
    }

    private static long ReadSigned(ReadOnlySpan<byte> raw)
    {
        long value = raw.IsEmpty || raw[^1] < 0x80 ? 0 : -1;
        for (int i = raw.Length - 1; i >= 0; i--)
        {
            value = unchecked((value << 8) | raw[i]);
        }

        return value;
    }
}
