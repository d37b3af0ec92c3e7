using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.CdText;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Cdi;

/// <summary>Makes the disc of a descriptor: its tracks stand one behind the other from the beginning of the file,
/// pregaps in.</summary>
internal static class CdiLayout
{
    private const string Format = CdiFormat.Id;
    private const int DescriptorSector = 16;

    /// <summary>The disc.</summary>
    /// <param name="content">The image up to its descriptor.</param>
    /// <param name="descriptor">The descriptor; warnings are added.</param>
    public static Disc Build(BlockSource content, CdiDescriptor descriptor)
    {
        Dictionary<int, DiscText> text = CdTextPacks.Decode(descriptor.TextPacks.AsSpan());
        DiscBuilder builder = new(Format, descriptor.Medium)
        {
            CatalogNumber = descriptor.CatalogNumber,
            TextPacks = descriptor.TextPacks,
            Text = text.GetValueOrDefault(0, DiscText.None),
        };
        long position = 0;
        foreach (CdiTrack track in descriptor.Tracks)
        {
            long length = track.Count * track.Stored.Length;
            if (track.IndexLengths[0] >= track.Count || length > content.Length - position)
            {
                ImageFormatException.Throw(
                    Format,
                    track.EntryOffset,
                    $"a track has {track.Count} sectors, {track.IndexLengths[0]} of them before index 1: the sectors "
                        + "of all tracks "
                    + $"have {content.Length} bytes, {position} of them before it");
            }

            int number = builder.LastNumber + 1;
            Add(builder, track, content, position, text.GetValueOrDefault(number, DiscText.None), descriptor.Warnings);
            position += length;
        }

        if (position != content.Length)
        {
            descriptor.Warnings.Add(
                $"the tracks have {position} bytes, but the descriptor begins at byte {content.Length}");
        }

        return builder.Build();
    }

    private static void Add(
        DiscBuilder builder, CdiTrack track, BlockSource content, long position, DiscText text, List<string> warnings)
    {
        int number = builder.LastNumber + 1;
        long pregap = track.IndexLengths[0];
        if (track.Mode != TrackMode.Audio && IsOneLater(content, track, position + (pregap * track.Stored.Length)))
        {
            // Some programs write one sector more than they say.
            warnings.Add($"track {number} begins one sector later than the descriptor says");
            pregap++;
        }

        long begin = track.Start - Msf.Origin;
        if (begin < builder.EndLba && builder.Count > 0)
        {
            begin = builder.EndLba
                + (track.Session > builder.LastSession ? DiscBuilder.SessionGap(builder.LastSession) : 0);
        }

        long start = HeaderOf(content, track, position + (pregap * track.Stored.Length)) is { } address
            && (builder.Count == 0 || address - pregap >= builder.EndLba)
                ? address
                : begin + pregap;
        long index = start + track.IndexLengths[1];
        ImmutableArray<long>.Builder indexes = ImmutableArray.CreateBuilder<long>();
        foreach (long length in track.IndexLengths.AsSpan()[2..])
        {
            indexes.Add(index);
            index += length;
        }

        builder.Add(
            new DiscTrack(number, track.Session, track.Mode)
            {
                StartLba = start,
                FurtherIndexes = indexes.ToImmutable(),
                Control = track.Control,
                Isrc = track.Isrc,
                Text = text,
            },
            [track.Stored.Run(start - pregap, track.Count, content, position)],
            track.EntryOffset);
    }

    // The address in the first sector's header, where sectors are stored whole.
    private static long? HeaderOf(BlockSource content, CdiTrack track, long position)
    {
        Span<byte> head = stackalloc byte[16];
        return track.Mode != TrackMode.Audio && track.Stored.Layout == SectorLayout.Raw2352
            && content.ReadUpTo(position, head) == head.Length
            && RawSector.HasSync(head) && Msf.TryReadHeader(head[12..], out long lba) ? lba : null;
    }

    private static bool IsOneLater(BlockSource content, CdiTrack track, long position) =>
        !HasDescriptor(content, track, position) && HasDescriptor(content, track, position + track.Stored.Length);

    private static bool HasDescriptor(BlockSource content, CdiTrack track, long position)
    {
        int data = track.Stored.Layout switch
        {
            SectorLayout.Data2048 => 0,
            SectorLayout.Mode2Data2336 => 8,
            _ => track.Mode == TrackMode.Mode2 ? 24 : 16,
        };
        Span<byte> head = stackalloc byte[6];
        return content.ReadUpTo(position + ((long)DescriptorSector * track.Stored.Length) + data, head) == head.Length
            && head[1..].SequenceEqual("CD001"u8);
    }
}
