using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Descriptors;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.BlindWrite;

/// <summary>Makes the disc of a descriptor of version 4: whole sectors in one file, and the subchannels of the same
/// sectors, de-interleaved, in another.</summary>
internal static class B4Layout
{
    private const string Format = BlindWriteFormat.Id;
    private const int DataBit = 4;

    /// <summary>The disc.</summary>
    /// <param name="opener">The descriptor's file.</param>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="warnings">Harmless oddities are added.</param>
    public static Disc Build(ImageOpener opener, B4Descriptor descriptor, List<string> warnings)
    {
        CompanionFiles companions = new(Format, opener, warnings);
        Dictionary<string, BlockSource> files = new(StringComparer.Ordinal);
        BlockSource? subchannels = null;
        if (descriptor.SubchannelFile.Length > 0)
        {
            subchannels = companions.TryOpen(descriptor.SubchannelFile, 0, ".bws")?.Source;
            if (subchannels is null)
            {
                warnings.Add(
                    $"the subchannels in '{CompanionFiles.LastPart(descriptor.SubchannelFile)}' do not lie beside it");
            }
        }

        DiscBuilder builder = new(Format, DiscMedium.Cd);
        foreach (B4Track track in descriptor.Tracks)
        {
            string name = track.FileName.Length > 0 ? track.FileName : descriptor.DataFile;
            if (!files.TryGetValue(name, out BlockSource? source))
            {
                source = companions.Open(name, track.EntryOffset, ".bwi").Source;
                files[name] = source;
            }

            // Of track 1 the pregap is not stored.
            long stored = track.PregapLba > 0 ? Math.Max(0, track.Lba - track.PregapLba) : 0;
            long position = track.Offset - (stored * SectorLayouts.RawLength);
            SectorRun run = SectorRun.Stored(
                track.Lba - stored, track.EndLba - track.Lba + stored, source, position, SectorLayout.Raw2352);
            if (subchannels is not null)
            {
                run = run with
                {
                    Subchannel = SubchannelLayout.Linear,
                    Sub = subchannels,
                    SubOffset = position / SectorLayouts.RawLength * SectorLayouts.SubchannelLength,
                    SubStride = SectorLayouts.SubchannelLength,
                };
            }

            builder.Add(
                new DiscTrack(track.Number, track.Session, ModeOf(track, source))
                {
                    StartLba = track.Lba,
                    Control = track.Control,
                    Isrc = track.Isrc,
                    Text = track.Title.Length + track.Performer.Length == 0
                        ? DiscText.None
                        : new(NullIfEmpty(track.Title), NullIfEmpty(track.Performer), null),
                },
                [run],
                track.EntryOffset);
        }

        return builder.Build();
    }

    private static TrackMode ModeOf(B4Track track, BlockSource source)
    {
        if ((track.Control & DataBit) == 0)
        {
            return TrackMode.Audio;
        }

        Span<byte> head = stackalloc byte[16];
        return track.Offset >= 0 && source.ReadUpTo(track.Offset, head) == head.Length
            && RawSector.HasSync(head) && RawSector.ModeOf(head) == 2 ? TrackMode.Mode2 : TrackMode.Mode1;
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
