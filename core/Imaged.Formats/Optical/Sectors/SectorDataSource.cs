using System.Buffers;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Sectors;

/// <summary>The user data of a run of data sectors: 2048 bytes of each, whatever else is stored with them. Sectors that
/// are all zero, which is what programs write for those that they could not read, give zeros; other sectors without
/// data are an error of their own. Of Form 2 the first 2048 bytes are given.</summary>
internal sealed class SectorDataSource : BlockSource
{
    private const int DataLength = SectorLayouts.DataLength;
    private const int BatchSectors = 128;

    private readonly SectorRun _run;

    /// <summary>The data of a run that is stored; not of the layout of 2048 bytes without anything between them, which
    /// needs no decoding.</summary>
    public SectorDataSource(SectorRun run)
    {
        ArgumentNullException.ThrowIfNull(run.Main);
        _run = run;
    }

    /// <inheritdoc/>
    public override long Length => _run.Count * DataLength;

    /// <inheritdoc/>
    public override int SectorSize => DataLength;

    /// <summary>The data of a run, by the shortest way.</summary>
    public static BlockSource Create(SectorRun run)
    {
        long length = run.Count * DataLength;
        return run switch
        {
            { Main: null } => new SliceSource(new ZeroSource(length), 0, length, sectorSize: DataLength),
            { Layout: SectorLayout.Data2048, Stride: DataLength } =>
                new SliceSource(run.Main, run.MainOffset, length, sectorSize: DataLength),
            _ => new SectorDataSource(run),
        };
    }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        if (destination.IsEmpty)
        {
            return;
        }

        long first = offset / DataLength;
        int inside = (int)(offset % DataLength);
        int batch = Math.Min(BatchSectors, (inside + destination.Length + DataLength - 1) / DataLength);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(batch * _run.Stride);
        try
        {
            while (!destination.IsEmpty)
            {
                int count = (int)Math.Min(batch, _run.Count - first);
                count = Math.Min(count, (inside + destination.Length + DataLength - 1) / DataLength);
                SectorReader.Read(_run, first, count, buffer);
                for (int i = 0; i < count; i++)
                {
                    int length = Math.Min(DataLength - inside, destination.Length);
                    Copy(
                        first + i, buffer.AsSpan(i * _run.Stride, _run.Layout.Length()), inside, destination[..length]);
                    destination = destination[length..];
                    inside = 0;
                }

                first += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Copy(long index, ReadOnlySpan<byte> stored, int inside, Span<byte> destination)
    {
        int data = RawSector.FindData(_run.Layout, stored);
        if (data >= 0)
        {
            stored.Slice(data + inside, destination.Length).CopyTo(destination);
        }
        else if (stored.ContainsAnyExcept((byte)0))
        {
            throw new ImageFormatException(
                DiscVolume.Format,
                _run.MainOffset + (index * _run.Stride),
                $"sector {_run.Lba + index} is no data sector");
        }
        else
        {
            destination.Clear();
        }
    }
}
