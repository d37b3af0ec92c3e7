using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.CdText;
using Imaged.Formats.Optical.Descriptors;

namespace Imaged.Formats.Optical.Mds;

/// <summary>Makes the disc of what a descriptor says.</summary>
internal sealed class MdsLayout
{
    private const string Format = MdsFormat.Id;
    private static readonly string[] Extensions = [".mdf", ".xmf"];

    private readonly ImageOpener _opener;
    private readonly MdsDescriptor _descriptor;
    private readonly CompanionFiles _companions;
    private readonly Dictionary<int, DiscText> _text;
    private readonly DiscBuilder _builder;
    private readonly Dictionary<string, BlockSource> _files = new(StringComparer.Ordinal);
    private readonly bool _isAlone;

    private MdsLayout(ImageOpener opener, MdsDescriptor descriptor, List<string> warnings)
    {
        _opener = opener;
        _descriptor = descriptor;
        _companions = new(Format, opener, warnings);
        _text = CdTextPacks.Decode(descriptor.TextPacks.AsSpan());
        _builder = new(Format, descriptor.Medium)
        {
            TextPacks = descriptor.TextPacks,
            Text = _text.GetValueOrDefault(0, DiscText.None),
        };
        _isAlone = descriptor.Tracks.SelectMany(track => track.Files).Select(file => file.Name).Distinct().Count() == 1;
    }

    /// <summary>What is to be disposed with the image.</summary>
    private List<IDisposable> Owned { get; } = [];

    /// <summary>The disc.</summary>
    /// <param name="opener">The image.</param>
    /// <param name="descriptor">Its descriptor.</param>
    /// <param name="warnings">Harmless oddities are added.</param>
    /// <param name="owned">What is to be disposed with the image.</param>
    public static Disc Build(
        ImageOpener opener, MdsDescriptor descriptor, List<string> warnings, out IReadOnlyList<IDisposable> owned)
    {
        MdsLayout layout = new(opener, descriptor, warnings);
        foreach (MdsTrack track in descriptor.Tracks)
        {
            layout.Add(track);
        }

        owned = layout.Owned;
        return layout._builder.Build();
    }

    private void Add(MdsTrack track)
    {
        if (track.Offset > long.MaxValue / 2)
        {
            ImageFormatException.Throw(
                Format, track.EntryOffset + 40, $"track {track.Number} begins at byte {track.Offset}");
        }

        List<SectorRun> runs = [];
        long begin = track.StartLba;
        long gap = GapBefore(track);
        if (track.IsPregapStored)
        {
            begin -= track.Pregap;
        }
        else if (gap > 0)
        {
            runs.Add(SectorRun.Empty(begin - gap, gap));
        }

        runs.AddRange(_descriptor.Cipher is null && track.Files.All(file => file.GroupSectors == 0 && file.Count == 0)
            ? [OpenJoined(track, begin)]
            : OpenEach(track, begin));
        _builder.Add(
            new DiscTrack(track.Number, track.Session, track.Mode)
            {
                StartLba = track.StartLba,
                FurtherIndexes = track.FurtherIndexes,
                Control = track.Control,
                Text = _text.GetValueOrDefault(track.Number, DiscText.None),
            },
            runs,
            track.EntryOffset);
    }

    // What is not stored before index 1. Inside of a session that is all from the track before; some programs write a
    // pregap of any length for track 1, where nothing is to be read.
    private long GapBefore(MdsTrack track)
    {
        if (_builder.Count == 0 || _descriptor.Medium != DiscMedium.Cd)
        {
            return 0;
        }

        long free = Math.Max(0, track.StartLba - _builder.EndLba);
        return track.Session == _builder.LastSession ? free : Math.Min(track.Pregap, free);
    }

    // The files of version 1 are one stream, however it was cut.
    private SectorRun OpenJoined(MdsTrack track, long begin)
    {
        string key = string.Join('\0', track.Files.Select(file => file.Name));
        if (!_files.TryGetValue(key, out BlockSource? source))
        {
            BlockSource[] parts = [.. track.Files.Select(Open)];
            source = parts.Length == 1 ? parts[0] : new ConcatSource(parts, ownsParts: false);
            _files[key] = source;
        }

        long count = track.Count > 0 ? track.Count : (source.Length - (long)track.Offset) / track.Stored.Length;
        return track.Stored.Run(begin, count + (track.StartLba - begin), source, (long)track.Offset);
    }

    private List<SectorRun> OpenEach(MdsTrack track, long begin)
    {
        List<SectorRun> runs = [];
        long end = track.StartLba + track.Count;
        long lba = begin;
        long offset = (long)track.Offset;
        foreach (MdsFile file in track.Files)
        {
            if (lba >= end)
            {
                break;
            }

            BlockSource source = Open(file);
            long count = Math.Min(file.Count == 0 ? end - lba : file.Count, end - lba);
            if (file.GroupSectors > 0 || _descriptor.Cipher is not null)
            {
                MdxSource decoded = new(
                    _opener.Cache,
                    source,
                    offset,
                    file with { Count = Math.Max(count, file.Count) },
                    track.Stored.Length,
                    _descriptor.Cipher);
                Owned.Add(decoded);
                runs.Add(track.Stored.Run(lba, count, decoded, 0));
            }
            else
            {
                runs.Add(track.Stored.Run(lba, count, source, offset));
            }

            lba += count;
            offset = 0;
        }

        if (lba < end)
        {
            ImageFormatException.Throw(
                Format,
                track.EntryOffset,
                $"track {track.Number} has {track.Count} sectors, {end - lba} more than its files");
        }

        return runs;
    }

    private BlockSource Open(MdsFile file)
    {
        if (file.Name is null)
        {
            return _opener.Content;
        }

        if (!_files.TryGetValue(file.Name, out BlockSource? source))
        {
            source = _companions.Open(file.Name, file.NameOffset, _isAlone ? Extensions : []).Source;
            _files[file.Name] = source;
        }

        return source;
    }
}
