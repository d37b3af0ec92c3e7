using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Fat;

/// <summary>The content of a file: runs of the volume, found once when it is opened. Where the chain is broken the
/// bytes before can be read, those behind throw.</summary>
internal sealed class FatFileSource : BlockSource
{
    private readonly BlockSource _volume;
    private readonly FatChain _chain;
    private readonly long _entryOffset;

    public FatFileSource(BlockSource volume, FatChain chain, long length, long entryOffset)
    {
        _volume = volume;
        _chain = chain;
        _entryOffset = entryOffset;
        Length = length;
    }

    public override long Length { get; }

    public override int SectorSize => _volume.SectorSize;

    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        CheckDamage(offset + destination.Length);
        FatRun[] runs = _chain.Runs;
        for (int i = destination.IsEmpty ? 0 : IndexOf(offset); !destination.IsEmpty; i++)
        {
            int count = (int)Math.Min(destination.Length, runs[i].End - offset);
            _volume.Read(runs[i].VolumeOffset + (offset - runs[i].Offset), destination[..count]);
            destination = destination[count..];
            offset += count;
        }
    }

    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        CheckDamage(offset + 1);
        FatRun run = _chain.Runs[IndexOf(offset)];
        Extent extent = _volume.GetExtent(run.VolumeOffset + (offset - run.Offset));
        long rest = Math.Min(run.End, Length) - offset;
        return extent with { Offset = offset, Length = Math.Min(extent.Length, rest) };
    }

    private void CheckDamage(long end)
    {
        if (end > _chain.Length)
        {
            ImageFormatException.Throw(
                FatFileSystem.Id, _entryOffset, _chain.Damage ?? "the file is longer than its clusters");
        }
    }

    // Index of the run that holds the byte at offset, which is below the chain's length.
    private int IndexOf(long offset)
    {
        FatRun[] runs = _chain.Runs;
        int low = 0;
        int high = runs.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (runs[middle].Offset <= offset)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }
}
