using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.CdText;
using Imaged.Formats.Optical.Descriptors;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.BlindWrite;

/// <summary>Makes the disc of a descriptor of version 5 or 6.</summary>
internal static class B5Layout
{
    private const string Format = BlindWriteFormat.Id;
    private static readonly string[] Extensions = [".b5i", ".b6i", ".b00"];

    /// <summary>The disc.</summary>
    /// <param name="opener">The descriptor's file.</param>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="warnings">Harmless oddities are added.</param>
    public static Disc Build(ImageOpener opener, B5Descriptor descriptor, List<string> warnings)
    {
        CompanionFiles companions = new(Format, opener, warnings);
        Dictionary<string, BlockSource> files = new(StringComparer.Ordinal);
        string[] extensions = descriptor.Blocks.Select(
            block => block.FileName).Distinct().Count() == 1 ? Extensions : [];
        foreach (B5Block block in descriptor.Blocks)
        {
            if (!files.ContainsKey(block.FileName))
            {
                files[block.FileName] = companions.Open(block.FileName, block.EntryOffset, extensions).Source;
            }
        }

        Dictionary<int, DiscText> text = CdTextPacks.Decode(descriptor.TextPacks.AsSpan());
        DiscBuilder builder = new(Format, descriptor.Medium)
        {
            CatalogNumber = descriptor.CatalogNumber,
            TextPacks = descriptor.TextPacks,
            Text = text.GetValueOrDefault(0, DiscText.None),
        };
        foreach (B5Track track in descriptor.Tracks)
        {
            builder.Add(
                new DiscTrack(track.Number, track.Session, track.Mode)
                {
                    StartLba = track.Lba + track.Pregap,
                    Control = track.Control,
                    Text = text.GetValueOrDefault(track.Number, DiscText.None),
                },
                RunsOf(track, descriptor.Blocks, files),
                track.EntryOffset);
        }

        return builder.Build();
    }

    // What no run holds was not read: mostly the pregap of track 1.
    private static List<SectorRun> RunsOf(
        B5Track track, IReadOnlyList<B5Block> blocks, Dictionary<string, BlockSource> files)
    {
        List<SectorRun> runs = [];
        long lba = track.Lba;
        long end = track.Lba + track.Count;
        foreach (B5Block block in blocks.Where(block => block.EndLba > track.Lba && block.Lba < end))
        {
            long first = Math.Max(lba, block.Lba);
            long last = Math.Min(end, block.EndLba);
            if (first > lba)
            {
                runs.Add(SectorRun.Empty(lba, first - lba));
            }

            int size = (int)(block.Length / block.Count);
            StoredSector stored = StoredSector.OfLength(size, SubchannelLayout.Linear)
                ?? throw new UnsupportedFeatureException(Format, $"a sector size of {size} bytes");
            runs.Add(
                stored.Run(first, last - first, files[block.FileName], block.Offset + ((first - block.Lba) * size)));
            lba = last;
        }

        if (lba < end)
        {
            runs.Add(SectorRun.Empty(lba, end - lba));
        }

        return runs;
    }
}
