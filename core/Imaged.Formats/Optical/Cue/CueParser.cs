using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Descriptors;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Cue;

/// <summary>Reads the text of a cue sheet: the commands of CDRWIN, and the remarks by which later programs added
/// sessions.</summary>
internal sealed class CueParser
{
    private const int MaxFiles = 999;
    private const int MaxWarnings = 10;
    private const int MaxIndex = 99;

    private readonly CueSheet _sheet = new();
    private int _session = 1;
    private bool _beginsHighDensity;
    private long _offset;

    private CueParser()
    {
    }

    private CueTrack? Track => _sheet.Tracks.Count == 0 ? null : _sheet.Tracks[^1];

    /// <summary>Reads a sheet.</summary>
    /// <exception cref="ImageFormatException">A command makes no sense.</exception>
    /// <exception cref="UnsupportedFeatureException">A track has a mode that imaged does not know.</exception>
    public static CueSheet Parse(string text)
    {
        CueParser parser = new();
        foreach ((int offset, string line) in DescriptorText.Lines(text))
        {
            parser._offset = offset;
            parser.Command(line);
        }

        if (parser._sheet.Tracks.Count == 0)
        {
            parser.Fail("there is no track");
        }

        foreach (CueTrack track in parser._sheet.Tracks.Where(track => track.Indexes.All(index => index.Number != 1)))
        {
            parser._offset = track.Offset;
            parser.Fail($"track {track.Number} has no index 1");
        }

        return parser._sheet;
    }

    private void Command(string line)
    {
        (string command, string rest) = CutWord(line);
        switch (command.ToUpperInvariant())
        {
            case "REM":
                Remark(rest);
                break;
            case "FILE":
                File(rest);
                break;
            case "TRACK":
                BeginTrack(rest);
                break;
            case "INDEX":
                Index(rest);
                break;
            case "PREGAP":
                RequireTrack(command).Pregap = Time(rest);
                break;
            case "POSTGAP":
                RequireTrack(command).Postgap = Time(rest);
                break;
            case "FLAGS":
                Flags(rest, RequireTrack(command));
                break;
            case "ISRC":
                RequireTrack(command).Isrc =
                    string.Concat(Unquote(rest).Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();
                break;
            case "CATALOG":
                Catalog(Unquote(rest));
                break;
            case "CDTEXTFILE":
                _sheet.TextFile = (Unquote(rest), _offset);
                break;
            case "TITLE" or "PERFORMER" or "SONGWRITER":
                Words(command.ToUpperInvariant(), Unquote(rest));
                break;
            default:
                Warn($"the command '{command}' is not known");
                break;
        }
    }

    private void Remark(string rest)
    {
        (string word, string value) = CutWord(rest);
        switch (word.ToUpperInvariant())
        {
            case "SESSION":
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int session)
                    || session < _session || session > Disc.MaxSessions)
                {
                    Fail($"session '{value}' follows session {_session}");
                }

                _session = session;
                break;
            case "LEAD-OUT" when Track is { } track:
                track.LeadOut = Time(value);
                break;
            case "HIGH-DENSITY" when value.StartsWith("AREA", StringComparison.OrdinalIgnoreCase):
                _session++;
                _beginsHighDensity = true;
                _sheet.Medium = DiscMedium.GdRom;
                break;
            case "ORIGINAL" when value.StartsWith("MEDIA-TYPE: DVD", StringComparison.OrdinalIgnoreCase):
                _sheet.Medium = DiscMedium.Dvd;
                break;
            default:
                break;
        }
    }

    private void File(string rest)
    {
        if (_sheet.Files.Count == MaxFiles)
        {
            Fail($"it names more than {MaxFiles} files");
        }

        // The name may hold anything, quotes as well; the type is the last word.
        string name = rest;
        string type = string.Empty;
        int quote = rest.LastIndexOf('"');
        if (rest.StartsWith('"') && quote > 0)
        {
            name = rest[1..quote];
            type = rest[(quote + 1)..].Trim();
        }
        else if (rest.LastIndexOfAny([' ', '\t']) is var blank and > 0)
        {
            name = rest[..blank].Trim();
            type = rest[(blank + 1)..];
        }

        if (name.Length == 0)
        {
            Fail("a file has no name");
        }

        _sheet.Files.Add(new(name, type.ToUpperInvariant(), _offset));
    }

    private void BeginTrack(string rest)
    {
        (string number, string mode) = CutWord(rest);
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            || value is < 1 or > Disc.MaxTracks || value <= (Track?.Number ?? 0))
        {
            Fail($"track '{number}' comes behind track {Track?.Number ?? 0}");
        }

        if (_sheet.Files.Count == 0)
        {
            Fail($"track {number} is in no file");
        }

        (TrackMode kind, StoredSector stored) = Mode(mode.ToUpperInvariant());
        _sheet.Tracks.Add(new(value, _session, kind, stored, _offset) { BeginsHighDensity = _beginsHighDensity });
        _beginsHighDensity = false;
    }

    private (TrackMode Mode, StoredSector Stored) Mode(string mode)
    {
        StoredSector raw = new(SectorLayout.Raw2352, SubchannelLayout.None);
        if (mode is "AUDIO" or "CDG")
        {
            return (TrackMode.Audio, mode == "CDG" ? raw with { Subchannel = SubchannelLayout.Interleaved } : raw);
        }

        string[] parts = mode.Split('/');
        TrackMode? kind = parts[0] switch
        {
            "MODE0" or "MODE1" => TrackMode.Mode1,
            "MODE2" or "CDI" => TrackMode.Mode2,
            _ => null,
        };
        if (kind is not { } found || parts.Length != 2
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            || StoredSector.OfLength(length) is not { } stored)
        {
            Fail($"the mode '{mode}' is not one of AUDIO, CDG, MODE1, MODE2 or CDI with a size");
            return default;
        }

        return (found, stored);
    }

    private void Index(string rest)
    {
        CueTrack track = RequireTrack("INDEX");
        (string number, string time) = CutWord(rest);
        bool isFirst = track.Indexes.Count == 0;
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value > MaxIndex
            || (isFirst ? value > 1 : value != track.Indexes[^1].Number + 1))
        {
            Fail($"index '{number}' of track {track.Number} is out of order");
        }

        long frames = Time(time);
        int file = _sheet.Files.Count - 1;
        CueIndex? before = isFirst ? _sheet.Tracks.Count > 1 ? LastIndex(_sheet.Tracks[^2]) : null : track.Indexes[^1];
        if (before is { } last && last.File == file && frames < last.Frames)
        {
            Fail($"index {value} of track {track.Number} begins before what comes before it");
        }

        track.Indexes.Add(new(value, file, frames, _offset));
    }

    private static CueIndex? LastIndex(CueTrack track) => track.Indexes.Count == 0 ? null : track.Indexes[^1];

    private static void Flags(string rest, CueTrack track)
    {
        foreach (string flag in rest.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            track.Control |= flag.ToUpperInvariant() switch { "PRE" => 1, "DCP" => 2, "4CH" => 8, _ => 0 };
        }
    }

    private void Catalog(string number)
    {
        if (number.Length is not (12 or 13) || !number.All(char.IsAsciiDigit))
        {
            Fail($"the catalogue number '{number}' has not 13 digits");
        }

        _sheet.CatalogNumber = number.PadLeft(13, '0');
    }

    private void Words(string command, string value)
    {
        DiscText text = Track?.Text ?? _sheet.Text;
        text = command switch
        {
            "TITLE" => text with { Title = value },
            "PERFORMER" => text with { Performer = value },
            _ => text with { Songwriter = value },
        };
        if (Track is { } track)
        {
            track.Text = text;
        }
        else
        {
            _sheet.Text = text;
        }
    }

    private long Time(string text)
    {
        if (!Msf.TryParse(text, out long frames))
        {
            Fail($"the time '{text}' is not minutes, seconds below 60 and frames below 75");
        }

        return frames;
    }

    private CueTrack RequireTrack(string command)
    {
        if (Track is null)
        {
            Fail($"{command} stands before the first track");
        }

        return Track!;
    }

    private static (string Word, string Tail) CutWord(string line)
    {
        int end = line.AsSpan().IndexOfAny(' ', '\t');
        return end < 0 ? (line, string.Empty) : (line[..end], line[end..].Trim());
    }

    private static string Unquote(string text) =>
        text.Length >= 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1] : text;

    private void Warn(string message)
    {
        if (_sheet.Warnings.Count < MaxWarnings && !_sheet.Warnings.Contains(message))
        {
            _sheet.Warnings.Add(message);
        }
    }

    [DoesNotReturn]
    private void Fail(string message) => ImageFormatException.Throw(CueFormat.Info.Id, _offset, message);
}
