using System.Buffers;
using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Sectors;

/// <summary>Sectors of a track as 2352 bytes each, as they stand on the disc but not scrambled. What is not stored of a
/// data sector is made: sync pattern, header, and codes. Sound has the low byte first.</summary>
internal sealed class RawTrackSource : BlockSource
{
    private const int BatchSectors = 64;

    private readonly TrackMode _mode;
    private readonly ImmutableArray<SectorRun> _runs;
    private readonly long _firstLba;

    /// <summary>The sectors of runs that follow each other.</summary>
    public RawTrackSource(TrackMode mode, ImmutableArray<SectorRun> runs)
    {
        _mode = mode;
        _runs = runs;
        _firstLba = runs[0].Lba;
        Length = (runs[^1].EndLba - _firstLba) * RawSector.Length;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            long lba = _firstLba + (offset / RawSector.Length);
            SectorRun run = RunOf(lba);
            int inside = (int)(offset % RawSector.Length);
            long available = ((run.EndLba - lba) * RawSector.Length) - inside;
            int count = (int)Math.Min(available, destination.Length);
            ReadRun(run, lba, inside, destination[..count]);
            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        SectorRun run = RunOf(_firstLba + (offset / RawSector.Length));
        long begin = (run.Lba - _firstLba) * RawSector.Length;
        long length = begin + (run.Count * RawSector.Length) - offset;
        if (run.Main is null)
        {
            return new(offset, length, _mode == TrackMode.Audio ? ExtentKind.Zero : ExtentKind.Data);
        }

        if (!IsVerbatim(run))
        {
            return new(offset, length, ExtentKind.Data);
        }

        Extent stored = run.Main.GetExtent(run.MainOffset + offset - begin);
        return stored with { Offset = offset, Length = Math.Min(stored.Length, length) };
    }

    private static bool IsVerbatim(SectorRun run) =>
        run is { Layout: SectorLayout.Raw2352, Stride: RawSector.Length, IsBigEndian: false, IsScrambled: false };

    private SectorRun RunOf(long lba)
    {
        int low = 0;
        int high = _runs.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_runs[middle].EndLba > lba)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return _runs[low];
    }

    private void ReadRun(SectorRun run, long lba, int inside, Span<byte> destination)
    {
        if (run.Main is null && _mode == TrackMode.Audio)
        {
            destination.Clear();
            return;
        }

        if (IsVerbatim(run))
        {
            run.Main!.Read(run.MainOffset + ((lba - run.Lba) * RawSector.Length) + inside, destination);
            return;
        }

        int stride = Math.Max(run.Stride, 1);
        byte[] stored = ArrayPool<byte>.Shared.Rent(BatchSectors * stride);
        byte[] sector = ArrayPool<byte>.Shared.Rent(RawSector.Length);
        try
        {
            while (!destination.IsEmpty)
            {
                int wanted = (inside + destination.Length + RawSector.Length - 1) / RawSector.Length;
                int count = Math.Min(BatchSectors, wanted);
                if (run.Main is not null)
                {
                    SectorReader.Read(run, lba - run.Lba, count, stored);
                }

                for (int i = 0; i < count; i++)
                {
                    Make(run, lba + i, stored.AsSpan(i * stride), sector.AsSpan(0, RawSector.Length));
                    int length = Math.Min(RawSector.Length - inside, destination.Length);
                    sector.AsSpan(inside, length).CopyTo(destination);
                    destination = destination[length..];
                    inside = 0;
                }

                lba += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
            ArrayPool<byte>.Shared.Return(sector);
        }
    }

    private void Make(SectorRun run, long lba, ReadOnlySpan<byte> stored, Span<byte> sector)
    {
        if (_mode != TrackMode.Audio)
        {
            RawSector.Build(_mode, run.Layout, lba, run.Main is null ? [] : stored, sector);
            return;
        }

        stored[..RawSector.Length].CopyTo(sector);
        if (run.IsBigEndian)
        {
            for (int i = 0; i < RawSector.Length; i += 2)
            {
                (sector[i], sector[i + 1]) = (sector[i + 1], sector[i]);
            }
        }
    }
}
