using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical;

/// <summary>Checks the data sectors of a disc against their codes.</summary>
internal static class DiscCheck
{
    private const int BatchSectors = 256;

    /// <summary>Checks every data sector that is stored whole; of others there is no code to check.</summary>
    public static void Run(Disc disc, ImageCheck check)
    {
        SectorRun[] runs = [.. disc.Tracks.Where(track => track.IsData)
            .SelectMany(track => DiscStream.Cut(track, track.StartLba))
            .Where(run => run is { Main: not null, Layout: SectorLayout.Raw2352 })];
        long total = runs.Sum(run => run.Count);
        if (total == 0)
        {
            return;
        }

        check.Begin("sectors", total * RawSector.Length);
        foreach (SectorRun run in runs)
        {
            Check(run, check);
        }

        check.Confirm($"EDC of {total} sectors");
    }

    private static void Check(SectorRun run, ImageCheck check)
    {
        byte[] buffer = new byte[BatchSectors * run.Stride];
        for (long first = 0; first < run.Count; first += BatchSectors)
        {
            int count = (int)Math.Min(BatchSectors, run.Count - first);
            SectorReader.Read(run, first, count, buffer);
            for (int i = 0; i < count; i++)
            {
                Span<byte> sector = buffer.AsSpan(i * run.Stride, RawSector.Length);
                SectorState state = RawSector.Check(sector);
                if (state == SectorState.NoData && !sector.ContainsAnyExcept((byte)0))
                {
                    continue;
                }

                string? problem = state switch
                {
                    SectorState.Correctable => "its checksum is wrong; its error correction has the right bytes",
                    SectorState.Bad => "its checksum is wrong, and its error correction does not help",
                    SectorState.NoData => "it is no data sector",
                    _ => null,
                };
                if (problem is not null)
                {
                    check.Report(
                        (run.Lba + first + i) * SectorLayouts.DataLength, $"sector {run.Lba + first + i}: {problem}");
                }
            }

            check.Advance((long)count * RawSector.Length);
        }
    }
}
