using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Chd;

/// <summary>Reads the tracks that the metadata tells of.</summary>
internal static class ChdTracks
{
    // Tracks begin at every fourth frame only.
    private const int FrameUnit = 4;

    // Above any disc, and far from what overflows.
    private const int MaxFrames = 1 << 24;
    private const int OldEntryLength = 24;

    private static readonly string[] OldTypes =
        ["MODE1", "MODE1_RAW", "MODE2", "MODE2_FORM1", "MODE2_FORM2", "MODE2_FORM_MIX", "MODE2_RAW", "AUDIO"];

    private static readonly string[] OldSubtypes = ["RW", "RW_RAW", "NONE"];

    /// <summary>The tracks in the order of their numbers; none when the image is of no CD.</summary>
    /// <exception cref="ImageFormatException">An entry does not make sense.</exception>
    /// <exception cref="UnsupportedFeatureException">A track is of an unknown type.</exception>
    public static ImmutableArray<ChdTrack> Read(ChdMetadata metadata)
    {
        List<ChdTrack> tracks = [];
        foreach (ChdMetadataEntry entry in metadata.Entries)
        {
            switch (entry.Tag)
            {
                case ChdMetadata.Track or ChdMetadata.Track2 or ChdMetadata.GdTrack or ChdMetadata.OldGdTrack:
                    tracks.Add(ReadText(metadata.ReadFields(entry, ' '), entry));
                    break;
                case ChdMetadata.OldTracks:
                    tracks.AddRange(ReadNumbers(metadata.ReadData(entry), entry));
                    break;
                default:
                    break;
            }
        }

        return [.. tracks.OrderBy(track => track.Number)];
    }

    private static ChdTrack ReadText(Dictionary<string, string> fields, ChdMetadataEntry entry)
    {
        int number = Number(fields, "TRACK", entry);
        int frames = Number(fields, "FRAMES", entry);
        ChdTrack track = Create(
            number,
            fields.GetValueOrDefault("TYPE", string.Empty),
            fields.GetValueOrDefault("SUBTYPE", "NONE"),
            frames,
            (frames + FrameUnit - 1) / FrameUnit * FrameUnit,
            entry);
        return track with
        {
            Pregap = Number(fields, "PREGAP", entry, 0),
            IsPregapStored = fields.GetValueOrDefault("PGTYPE", string.Empty).StartsWith('V'),
            Postgap = Number(fields, "POSTGAP", entry, 0),
            Padding = Number(fields, "PAD", entry, 0),
            IsLittleEndian = entry.Tag == ChdMetadata.OldGdTrack,
        };
    }

    // Six numbers for every track: type, kind of subchannel, bytes of both, frames, and frames that fill it up. Their
    // byte order was that of the machine.
    private static IEnumerable<ChdTrack> ReadNumbers(byte[] data, ChdMetadataEntry entry)
    {
        if (data.Length < sizeof(uint))
        {
            ImageFormatException.Throw(ChdFormat.Id, entry.Offset, "the table of tracks is cut off");
        }

        uint count = BinaryPrimitives.ReadUInt32BigEndian(data);
        bool isSwapped = count > Disc.MaxTracks;
        count = isSwapped ? BinaryPrimitives.ReverseEndianness(count) : count;
        if (count is 0 or > Disc.MaxTracks || data.Length < sizeof(uint) + (count * OldEntryLength))
        {
            ImageFormatException.Throw(ChdFormat.Id, entry.Offset, "the table of tracks is damaged or cut off");
        }

        for (int i = 0; i < count; i++)
        {
            long At(int field)
            {
                ReadOnlySpan<byte> raw = data.AsSpan(sizeof(uint) + (i * OldEntryLength) + (field * sizeof(uint)));
                return isSwapped
                    ? BinaryPrimitives.ReadUInt32LittleEndian(raw)
                    : BinaryPrimitives.ReadUInt32BigEndian(raw);
            }

            if (At(0) >= OldTypes.Length || At(1) >= OldSubtypes.Length || At(4) > MaxFrames || At(5) > MaxFrames)
            {
                ImageFormatException.Throw(
                    ChdFormat.Id, entry.Offset, $"track {i + 1} has type {At(0)}, subtype {At(1)}, {At(4)} frames");
            }

            yield return Create(
                i + 1, OldTypes[At(0)], OldSubtypes[At(1)], (int)At(4), (int)(At(4) + At(5)), entry);
        }
    }

    private static ChdTrack Create(
        int number, string type, string subtype, int frames, int storedFrames, ChdMetadataEntry entry)
    {
        (TrackMode mode, SectorLayout layout) = type switch
        {
            "MODE1" or "MODE1/2048" => (TrackMode.Mode1, SectorLayout.Data2048),
            "MODE1_RAW" or "MODE1/2352" => (TrackMode.Mode1, SectorLayout.Raw2352),
            "MODE2_FORM1" or "MODE2/2048" => (TrackMode.Mode2, SectorLayout.Data2048),
            "MODE2_FORM2" or "MODE2/2324" => (TrackMode.Mode2, SectorLayout.Form2Data2324),
            "MODE2" or "MODE2_FORM_MIX" or "MODE2/2336" => (TrackMode.Mode2, SectorLayout.Mode2Data2336),
            "MODE2_RAW" or "MODE2/2352" or "CDI/2352" => (TrackMode.Mode2, SectorLayout.Raw2352),
            "AUDIO" => (TrackMode.Audio, SectorLayout.Raw2352),
            _ => throw new UnsupportedFeatureException(ChdFormat.Id, $"a track of the type '{type}' (track {number})"),
        };
        SubchannelLayout subchannel = subtype switch
        {
            "RW" => SubchannelLayout.PackedRw,
            "RW_RAW" => SubchannelLayout.Interleaved,
            _ => SubchannelLayout.None,
        };
        return new(number, mode, layout, subchannel, frames, storedFrames, entry.Offset);
    }

    private static int Number(
        Dictionary<string, string> fields, string name, ChdMetadataEntry entry, int? missing = null)
    {
        string? text = fields.GetValueOrDefault(name);
        if (text is null && missing is { } value)
        {
            return value;
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            || number > MaxFrames)
        {
            ImageFormatException.Throw(
                ChdFormat.Id, entry.Offset, $"the field {name} of a track is '{text}', no number up to {MaxFrames}");
        }

        return number;
    }
}
