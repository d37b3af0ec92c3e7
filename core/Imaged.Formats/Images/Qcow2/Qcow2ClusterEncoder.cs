using Imaged.Formats.Codecs;

namespace Imaged.Formats.Images.Qcow2;

/// <summary>What one thread needs to write clusters: an encoder, and the frames of some clusters.</summary>
public sealed class Qcow2ClusterEncoder : IDisposable
{
    private readonly ZstdEncoder _zstd;
    private readonly int _clusterLength;
    private readonly byte[] _frames;

    /// <summary>An encoder for up to <paramref name="clusters"/> clusters at once.</summary>
    /// <param name="options">The image.</param>
    /// <param name="clusters">Most clusters that are written at once.</param>
    /// <param name="level">Of Zstandard, see <see cref="ZstdEncoder"/>.</param>
    public Qcow2ClusterEncoder(Qcow2WriterOptions options, int clusters, int level)
    {
        _clusterLength = options.ClusterLength;
        _zstd = new(Qcow2Format.Info.Id, level);
        _frames = GC.AllocateUninitializedArray<byte>(clusters * _clusterLength);
        Lengths = new int[clusters];
    }

    /// <summary>The frames, one behind the other.</summary>
    internal ReadOnlySpan<byte> Frames => _frames.AsSpan(0, FramesLength);

    /// <summary>Bytes of all frames.</summary>
    internal int FramesLength { get; private set; }

    /// <summary>Of each cluster the length of its frame; 0 for one that is zero, the cluster's length for one that is
    /// stored as it is.</summary>
    internal int[] Lengths { get; }

    /// <inheritdoc/>
    public void Dispose() => _zstd.Dispose();

    /// <summary>Encodes clusters.</summary>
    /// <param name="data">Whole clusters.</param>
    /// <returns>How many.</returns>
    internal int Encode(ReadOnlySpan<byte> data)
    {
        FramesLength = 0;
        int count = 0;
        for (; !data.IsEmpty; data = data[_clusterLength..])
        {
            ReadOnlySpan<byte> cluster = data[.._clusterLength];
            Lengths[count++] = Encode(cluster, _frames.AsSpan(FramesLength));
        }

        return count;
    }

    private int Encode(ReadOnlySpan<byte> cluster, Span<byte> free)
    {
        if (!cluster.ContainsAnyExcept((byte)0))
        {
            return 0;
        }

        // One that gains less than a sector is stored as it is, so that it can be read without decoding.
        int length = _zstd.Encode(cluster, free[..Math.Min(free.Length, _clusterLength - Qcow2Writer.SectorLength)]);
        if (length < 0)
        {
            return _clusterLength;
        }

        FramesLength += length;
        return length;
    }
}
