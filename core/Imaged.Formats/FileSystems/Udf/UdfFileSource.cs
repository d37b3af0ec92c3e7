using Imaged.Blocks;

namespace Imaged.Formats.Udf;

/// <summary>The content of a file, directory or stream.</summary>
internal sealed class UdfFileSource : BlockSource
{
    private readonly UdfVolume _volume;
    private readonly UdfRunList _runs;
    private readonly bool _metadata;

    /// <summary>Content that lies in <paramref name="runs"/>.</summary>
    /// <param name="volume">Must outlive this source.</param>
    /// <param name="runs">Where the content lies.</param>
    /// <param name="metadata">Whether reads go through the cache: directories, not files.</param>
    public UdfFileSource(UdfVolume volume, UdfRunList runs, bool metadata)
    {
        _volume = volume;
        _runs = runs;
        _metadata = metadata;
    }

    /// <inheritdoc/>
    public override long Length => _runs.Length;

    /// <summary>Memory that the source takes, in bytes.</summary>
    public long MemoryBytes => _runs.MemoryBytes;

    /// <summary>The run that holds the byte at <paramref name="offset"/>, which must be inside.</summary>
    public UdfRun GetRun(long offset) => _runs.Find(offset);

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            UdfRun run = _runs.Find(offset);
            int count = (int)Math.Min(destination.Length, run.End - offset);
            Span<byte> part = destination[..count];
            if (run.IsZero)
            {
                part.Clear();
            }
            else
            {
                _volume.Read(run.Partition, run.Position + (offset - run.Offset), part, _metadata);
            }

            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        UdfRun run = _runs.Find(offset);
        long length = run.End - offset;
        if (run.IsZero)
        {
            return new(offset, length, ExtentKind.Zero);
        }

        long position = run.Position + (offset - run.Offset);
        long block = position / _volume.BlockSize;
        int inside = (int)(position % _volume.BlockSize);
        if (block > uint.MaxValue
            || !_volume.Partitions[run.Partition].TryMap((uint)block, out long physical, out uint blocks))
        {
            return new(offset, length, ExtentKind.Data);
        }

        length = Math.Min(length, ((long)blocks * _volume.BlockSize) - inside);
        long inVolume = (physical * _volume.BlockSize) + inside;
        if (inVolume >= _volume.Source.Length)
        {
            return new(offset, length, ExtentKind.Data);
        }

        Extent below = _volume.Source.GetExtent(inVolume);
        return below with { Offset = offset, Length = Math.Min(below.Length, length) };
    }
}
