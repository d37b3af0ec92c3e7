using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Toc;

/// <summary>Reads a TOC file, in the grammar of cdrdao's manual.</summary>
internal sealed class TocParser
{
    private const int MaxParts = 10_000;
    private const int SampleLength = 4;

    private readonly TocLexer _lexer;
    private readonly TocSheet _sheet = new();
    private int _firstNumber = 1;
    private int _parts;
    private int _offset;

    private TocParser(string text) => _lexer = new(text);

    /// <summary>Reads a file.</summary>
    /// <exception cref="ImageFormatException">It makes no sense.</exception>
    /// <exception cref="UnsupportedFeatureException">A track is of a kind that imaged does not know.</exception>
    public static TocSheet Parse(string text)
    {
        TocParser parser = new(text);
        parser.Header();
        while (parser._lexer.Peek() is { } token)
        {
            parser._offset = token.Offset;
            parser.Track();
        }

        if (parser._sheet.Tracks.Count == 0)
        {
            parser.Fail("there is no track");
        }

        return parser._sheet;
    }

    private void Header()
    {
        while (_lexer.Peek() is { } token && !token.Is("TRACK"))
        {
            _offset = token.Offset;
            _lexer.Take();
            switch (token.Text)
            {
                case "CD_DA" or "CD_ROM" or "CD_ROM_XA" or "CD_I" when !token.IsString:
                    break;
                case "CATALOG" when !token.IsString:
                    string number = _lexer.TakeString("CATALOG").Text;
                    if (number.Length != 13 || !number.All(char.IsAsciiDigit))
                    {
                        Fail($"the catalogue number '{number}' has not 13 digits");
                    }

                    _sheet.CatalogNumber = number;
                    break;
                case "FIRST_TRACK_NO" when !token.IsString:
                    _firstNumber = (int)Math.Min(Number(Word("FIRST_TRACK_NO")), Disc.MaxTracks);
                    break;
                case "CD_TEXT" when !token.IsString:
                    _sheet.Text = Words();
                    break;
                default:
                    Fail($"'{token.Text}' stands where the kind of disc or a track is to be");
                    break;
            }
        }
    }

    private void Track()
    {
        if (!_lexer.TryTake("TRACK"))
        {
            Fail($"'{_lexer.Peek()?.Text}' stands where a track is to be");
        }

        int number = _firstNumber + _sheet.Tracks.Count;
        if (number > Disc.MaxTracks)
        {
            Fail($"there are more than {Disc.MaxTracks} tracks");
        }

        (TrackMode mode, SectorLayout layout) = Mode(Word("TRACK"));
        SubchannelLayout subchannel = _lexer.TryTake("RW_RAW") ? SubchannelLayout.Interleaved
            : _lexer.TryTake("RW") ? SubchannelLayout.PackedRw : SubchannelLayout.None;
        TocTrack track = new(number, mode, new(layout, subchannel), _offset);
        _sheet.Tracks.Add(track);
        while (_lexer.Peek() is { } token && !token.Is("TRACK"))
        {
            _offset = token.Offset;
            _lexer.Take();
            Statement(track, token.IsString ? string.Empty : token.Text);
        }
    }

    private (TrackMode Mode, SectorLayout Layout) Mode(string mode)
    {
        switch (mode)
        {
            case "AUDIO":
                return (TrackMode.Audio, SectorLayout.Raw2352);
            case "MODE1":
                return (TrackMode.Mode1, SectorLayout.Data2048);
            case "MODE1_RAW":
                return (TrackMode.Mode1, SectorLayout.Raw2352);
            case "MODE2_RAW":
                return (TrackMode.Mode2, SectorLayout.Raw2352);
            case "MODE2_FORM1":
                return (TrackMode.Mode2, SectorLayout.Data2048);
            case "MODE2_FORM2":
                return (TrackMode.Mode2, SectorLayout.Form2Data2324);
            case "MODE2" or "MODE2_FORM_MIX":
                return (TrackMode.Mode2, SectorLayout.Mode2Data2336);
            case "MODE0":
                throw new UnsupportedFeatureException(TocFormat.Info.Id, "a track of mode 0");
            default:
                Fail($"the mode '{mode}' is not known");
                return default;
        }
    }

    private void Statement(TocTrack track, string word)
    {
        switch (word)
        {
            case "NO":
                string flag = Word("NO");
                if (flag is not ("COPY" or "PRE_EMPHASIS"))
                {
                    Fail($"'NO {flag}' is not known");
                }

                break;
            case "COPY":
                track.Control |= 2;
                break;
            case "PRE_EMPHASIS":
                track.Control |= 1;
                break;
            case "FOUR_CHANNEL_AUDIO":
                track.Control |= 8;
                break;
            case "TWO_CHANNEL_AUDIO":
                break;
            case "ISRC":
                track.Isrc = _lexer.TakeString("ISRC").Text;
                break;
            case "CD_TEXT":
                track.Text = Words();
                break;
            case "FILE" or "AUDIOFILE":
                AddFile(track, hasStart: true);
                break;
            case "DATAFILE":
                AddFile(track, hasStart: false);
                break;
            case "FIFO":
                throw new UnsupportedFeatureException(TocFormat.Info.Id, "FIFO");
            case "SILENCE" or "ZERO":
                // The kind of empty sectors may be said again.
                while (_lexer.Peek() is { IsString: false } kind && !char.IsAsciiDigit(kind.Text[0]))
                {
                    SkipKind(kind.Text);
                }

                AddPart(track, new(null, _offset, 0, Length(track, Word(word)), false));
                break;
            case "PREGAP":
                AddPart(track, new(null, _offset, 0, Time(Word(word)) * track.Stored.Length, false));
                track.StartsBehind = track.Parts.Count;
                track.Start = null;
                break;
            case "START":
                track.Start = IsTimeNext() ? Time(Word(word)) : null;
                track.StartsBehind = track.Parts.Count;
                break;
            case "END":
                // The sectors behind it are no longer counted to the last index, which has no part in the layout.
                if (IsTimeNext())
                {
                    _ = Time(Word(word));
                }

                break;
            case "INDEX":
                if (track.Indexes.Count == 98)
                {
                    Fail("a track has more than 99 indexes");
                }

                track.Indexes.Add(Time(Word(word)));
                break;
            default:
                Fail($"'{word}' is not known in a track");
                break;
        }
    }

    private void SkipKind(string kind)
    {
        if (
            kind is not (
                "AUDIO" or "MODE0" or "MODE1" or "MODE1_RAW" or "MODE2" or "MODE2_RAW" or "MODE2_FORM1" or "MODE2_FORM2"
            or "MODE2_FORM_MIX" or "RW" or "RW_RAW"))
        {
            Fail($"'{kind}' stands where a length is to be");
        }

        _lexer.Take();
    }

    private void AddFile(TocTrack track, bool hasStart)
    {
        string name = _lexer.TakeString("FILE").Text;
        bool isSwapped = _lexer.TryTake("SWAP");
        long begin = 0;
        if (_lexer.Peek() is { IsString: false } hash && hash.Text[0] == '#')
        {
            _lexer.Take();
            begin = Number(hash.Text[1..]);
        }

        if (hasStart && IsTimeNext())
        {
            begin += Length(track, Word("FILE"));
        }

        long? length = IsTimeNext() ? Length(track, Word("FILE")) : null;
        AddPart(track, new(name, _offset, begin, length == 0 ? null : length, isSwapped));
    }

    private void AddPart(TocTrack track, TocPart part)
    {
        if (++_parts > MaxParts)
        {
            Fail($"there are more than {MaxParts} statements");
        }

        track.Parts.Add(part);
    }

    // Items of the first language; those of others are left out.
    private DiscText Words()
    {
        DiscText text = DiscText.None;
        bool hasFirst = false;
        bool isFirst = false;
        int depth = 0;
        string item = string.Empty;
        do
        {
            if (_lexer.Take() is not { } token)
            {
                Fail("CD_TEXT does not end");
                return text;
            }

            if (token.Is("{"))
            {
                depth++;
            }
            else if (token.Is("}"))
            {
                depth--;
            }
            else if (token.Is("LANGUAGE"))
            {
                isFirst = !hasFirst;
                hasFirst = true;
            }
            else if (!token.IsString)
            {
                item = token.Text;
            }
            else if (isFirst && token.Text.Length > 0)
            {
                text = item switch
                {
                    "TITLE" => text with { Title = token.Text },
                    "PERFORMER" => text with { Performer = token.Text },
                    "SONGWRITER" => text with { Songwriter = token.Text },
                    _ => text,
                };
            }
        }
        while (depth > 0);
        return text;
    }

    private bool IsTimeNext() => _lexer.Peek() is { IsString: false } token && char.IsAsciiDigit(token.Text[0]);

    // Bytes: a time counts sectors, a plain number samples of sound or bytes of data.
    private long Length(TocTrack track, string text) =>
        text.Contains(':', StringComparison.Ordinal) ? Time(text) * track.Stored.Length
        : track.Mode == TrackMode.Audio ? Number(text) * SampleLength
        : Number(text);

    private string Word(string behind)
    {
        if (_lexer.Take() is not { IsString: false } token)
        {
            Fail($"{behind} is to be followed by a word");
            return string.Empty;
        }

        return token.Text;
    }

    private long Time(string text)
    {
        if (!Msf.TryParse(text, out long frames))
        {
            Fail($"the time '{text}' is not minutes, seconds below 60 and frames below 75");
        }

        return frames;
    }

    private long Number(string text)
    {
        const long Max = 1L << 40;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) || value > Max)
        {
            Fail($"'{text}' is no number up to {Max}");
        }

        return value;
    }

    [DoesNotReturn]
    private void Fail(string message) => ImageFormatException.Throw(TocFormat.Info.Id, _offset, message);
}
