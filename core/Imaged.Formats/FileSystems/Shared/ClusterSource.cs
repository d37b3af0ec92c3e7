using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Shared;

/// <summary>The content of a file: runs of the volume, found once when it is opened. Where they are damaged the bytes
/// before can be read, those behind throw. Thread-safe.</summary>
internal sealed class ClusterSource : BlockSource
{
    private readonly BlockSource _volume;
    private readonly ClusterChain _chain;
    private readonly string _format;
    private readonly long _owner;
    private readonly long _valid;

    /// <summary>Does not own the volume.</summary>
    /// <param name="volume">Where the runs are.</param>
    /// <param name="chain">The runs.</param>
    /// <param name="length">Length of the file in bytes.</param>
    /// <param name="valid">Bytes that were written: zeros follow, whatever stands in the volume.</param>
    /// <param name="format">Id of the file system.</param>
    /// <param name="owner">Byte offset that errors name.</param>
    public ClusterSource(
        BlockSource volume, ClusterChain chain, long length, long valid, string format, long owner)
    {
        _volume = volume;
        _chain = chain;
        _format = format;
        _owner = owner;
        _valid = Math.Min(valid, length);
        Length = length;
    }

    public override long Length { get; }

    public override int SectorSize => _volume.SectorSize;

    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        int written = (int)Math.Clamp(_valid - offset, 0, destination.Length);
        destination[written..].Clear();
        destination = destination[..written];
        CheckDamage(offset + written);
        ClusterRun[] runs = _chain.Runs;
        for (int i = destination.IsEmpty ? 0 : _chain.IndexOf(offset); !destination.IsEmpty; i++)
        {
            int count = (int)Math.Min(destination.Length, runs[i].End - offset);
            if (runs[i].IsHole)
            {
                destination[..count].Clear();
            }
            else
            {
                ReadVolume(runs[i].VolumeOffset + (offset - runs[i].Offset), destination[..count]);
            }

            destination = destination[count..];
            offset += count;
        }
    }

    public override Extent GetExtent(long offset)
    {
        CheckOffset(offset);
        if (offset >= _valid)
        {
            return new(offset, Length - offset, ExtentKind.Zero);
        }

        CheckDamage(offset + 1);
        ClusterRun run = _chain.Runs[_chain.IndexOf(offset)];
        long rest = Math.Min(run.End, _valid) - offset;
        long at = run.VolumeOffset + (offset - run.Offset);
        if (run.IsHole || at >= _volume.Length)
        {
            return new(offset, rest, run.IsHole ? ExtentKind.Zero : ExtentKind.Data);
        }

        Extent extent = _volume.GetExtent(at);
        return extent with { Offset = offset, Length = Math.Min(extent.Length, rest) };
    }

    private void ReadVolume(long offset, Span<byte> destination)
    {
        if (offset > _volume.Length - destination.Length)
        {
            ImageFormatException.Throw(_format, _owner, "the image ends inside a file");
        }

        _volume.Read(offset, destination);
    }

    private void CheckDamage(long end)
    {
        if (end > _chain.Length)
        {
            ImageFormatException.Throw(_format, _owner, _chain.Damage ?? "the file is longer than its clusters");
        }
    }
}
