using System.Buffers;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical;

/// <summary>The subchannels of all sectors of a disc, 96 bytes of each, de-interleaved: twelve of P, twelve of Q and so
/// on, as the <c>.sub</c> file of CloneCD has them. It goes with <see cref="DiscStream"/>; where nothing is stored it
/// is zero.</summary>
public sealed class SubchannelStream : BlockSource
{
    private const int SectorLength = SectorLayouts.SubchannelLength;

    private readonly List<(long FirstSector, SectorRun Run)> _runs = [];

    /// <summary>The subchannels of a disc. Nothing here owns what stores them.</summary>
    public SubchannelStream(Disc disc)
    {
        long sector = 0;
        foreach (DiscTrack track in disc.Tracks.Where(track => track.EndLba > 0))
        {
            foreach (SectorRun run in DiscStream.Cut(track, DiscStream.FirstLbaOf(track)))
            {
                _runs.Add((sector, run));
                sector += run.Count;
            }
        }

        Length = sector * SectorLength;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        Span<byte> sector = stackalloc byte[SectorLength];
        while (!destination.IsEmpty)
        {
            ReadSector(offset / SectorLength, sector);
            int inside = (int)(offset % SectorLength);
            int count = Math.Min(SectorLength - inside, destination.Length);
            sector.Slice(inside, count).CopyTo(destination);
            destination = destination[count..];
            offset += count;
        }
    }

    private void ReadSector(long index, Span<byte> linear)
    {
        int at = _runs.BinarySearch((index, null!), Comparer<(long FirstSector, SectorRun Run)>.Create(
            static (left, right) => left.FirstSector.CompareTo(right.FirstSector)));
        (long firstSector, SectorRun run) = _runs[at >= 0 ? at : ~at - 1];
        linear.Clear();
        if (run.Sub is null)
        {
            return;
        }

        int length = run.Subchannel.Length();
        byte[] stored = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            run.Sub.Read(run.SubOffset + ((index - firstSector) * run.SubStride), stored.AsSpan(0, length));
            ToLinear(run.Subchannel, stored.AsSpan(0, length), linear);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    private static void ToLinear(SubchannelLayout layout, ReadOnlySpan<byte> stored, Span<byte> linear)
    {
        switch (layout)
        {
            case SubchannelLayout.Linear:
                stored.CopyTo(linear);
                break;
            case SubchannelLayout.Q16:
                stored[..12].CopyTo(linear[12..]);
                break;
            default:
                // Bit 7 of a byte is P's, bit 0 is W's; packed R to W have bits 5 to 0 only, which is the same place.
                int mask = layout == SubchannelLayout.PackedRw ? 0x3f : 0xff;
                for (int i = 0; i < stored.Length; i++)
                {
                    int value = stored[i] & mask;
                    for (int channel = 0; channel < 8; channel++)
                    {
                        linear[(channel * 12) + (i / 8)] |= (byte)(((value >> (7 - channel)) & 1) << (7 - (i % 8)));
                    }
                }

                break;
        }
    }
}
