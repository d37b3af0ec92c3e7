using System.Collections.Immutable;
using System.Globalization;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.CdText;
using Imaged.Formats.Optical.Descriptors;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Ccd;

/// <summary>What a control file of CloneCD says: a list of the points of the table of contents, and more about
/// tracks.</summary>
internal sealed class CcdSheet
{
    private const int MaxSections = 2000;
    private const int LeadOutPoint = 0xa2;

    private readonly Dictionary<string, Dictionary<string, string>> _sections = new(StringComparer.OrdinalIgnoreCase);

    private CcdSheet()
    {
    }

    /// <summary>Media catalogue number, or null.</summary>
    public string? CatalogNumber => ValueOf("Disc", "CATALOG");

    /// <summary>Whether data sectors are said to be scrambled.</summary>
    public bool IsScrambled => NumberOf("Disc", "DataTracksScrambled") is not (null or 0);

    /// <summary>The tracks by session and number.</summary>
    public ImmutableArray<CcdTrack> Tracks { get; private set; } = [];

    /// <summary>Where the lead-outs of the sessions begin, by session.</summary>
    public Dictionary<int, long> LeadOuts { get; } = [];

    /// <summary>CD-Text packs.</summary>
    public ImmutableArray<byte> TextPacks { get; private set; } = [];

    /// <summary>Harmless oddities.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Reads a control file.</summary>
    /// <exception cref="ImageFormatException">It makes no sense.</exception>
    public static CcdSheet Parse(string text)
    {
        CcdSheet sheet = new();
        Dictionary<string, string>? section = null;
        foreach ((int offset, string line) in DescriptorText.Lines(text))
        {
            if (line[0] == '[' && line[^1] == ']')
            {
                string name = line[1..^1].Trim();
                if (sheet._sections.Count == MaxSections)
                {
                    ImageFormatException.Throw(
                        CcdFormat.Info.Id, offset, $"there are more than {MaxSections} sections");
                }

                if (!sheet._sections.TryGetValue(name, out section))
                {
                    section = new(StringComparer.OrdinalIgnoreCase);
                    sheet._sections.Add(name, section);
                }
            }
            else if (section is not null && line.IndexOf('=', StringComparison.Ordinal) is var at and > 0)
            {
                section.TryAdd(line[..at].Trim(), line[(at + 1)..].Trim());
            }
        }

        sheet.ReadEntries();
        sheet.ReadText();
        return sheet;
    }

    private void ReadEntries()
    {
        List<CcdTrack> tracks = [];
        foreach (
            string name in _sections.Keys.Where(name => name.StartsWith("Entry ", StringComparison.OrdinalIgnoreCase)))
        {
            // Points of ADR 5 tell of the gaps between sessions and of the blank disc.
            if (NumberOf(name, "ADR") is not (null or 1) || NumberOf(name, "Point") is not { } point)
            {
                continue;
            }

            long session = NumberOf(name, "Session") ?? 1;
            if (session is < 1 or > Disc.MaxSessions)
            {
                ImageFormatException.Throw(
                    CcdFormat.Info.Id, 0, $"session {session} in '{name}' is not in 1 to {Disc.MaxSessions}");
            }

            if (point == LeadOutPoint)
            {
                LeadOuts.TryAdd((int)session, AddressOf(name));
            }
            else if (point is >= 1 and <= Disc.MaxTracks)
            {
                CcdTrack track = ReadTrack((int)point, (int)session, name);
                if (tracks.All(other => other.Number != point))
                {
                    tracks.Add(track);
                }
                else if (!tracks.Exists(other => other.Number == point && other.StartLba == track.StartLba))
                {
                    Warnings.Add($"track {point} is listed twice: the first entry counts");
                }
            }
        }

        Tracks = [.. tracks.OrderBy(track => track.Session).ThenBy(track => track.Number)];
    }

    private CcdTrack ReadTrack(int number, int session, string entry)
    {
        string section = FormattableString.Invariant($"TRACK {number}");
        long control = NumberOf(entry, "Control") ?? 0;
        TrackMode mode = NumberOf(section, "MODE") switch
        {
            0 => TrackMode.Audio,
            1 => TrackMode.Mode1,
            2 => TrackMode.Mode2,
            _ => (control & 4) != 0 ? TrackMode.Mode1 : TrackMode.Audio,
        };
        long start = AddressOf(entry);

        // Some programs count indexes from the session: only their distances mean the same everywhere.
        long? first = NumberOf(section, "INDEX 1");
        long pregap = first - NumberOf(section, "INDEX 0") ?? 0;
        List<long> further = [];
        for (int i = 2; i <= 99 && first is not null; i++)
        {
            if (NumberOf(section, FormattableString.Invariant($"INDEX {i}")) is not { } index)
            {
                break;
            }

            further.Add(start + index - first.Value);
        }

        return new(number, session, mode, start)
        {
            Pregap = Math.Max(pregap, 0),
            FurtherIndexes = [.. further],
            Control = (int)(control & 0x0f),
            Isrc = ValueOf(section, "ISRC"),
        };
    }

    private void ReadText()
    {
        ImmutableArray<byte>.Builder packs = ImmutableArray.CreateBuilder<byte>();
        for (int i = 0; i < CdTextPacks.MaxPacks; i++)
        {
            if (ValueOf("CDText", FormattableString.Invariant($"Entry {i}")) is not { } text)
            {
                break;
            }

            byte[] pack = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(
                    part => byte.TryParse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out byte value)
                    ? value
                    : (byte)0)];
            if (pack.Length != CdTextPacks.BareLength)
            {
                Warnings.Add($"CD-Text pack {i} has {pack.Length} bytes, not {CdTextPacks.BareLength}");
                break;
            }

            CdTextPacks.AddBare(packs, pack);
        }

        TextPacks = packs.ToImmutable();
    }

    private long AddressOf(string entry)
    {
        long? lba = NumberOf(entry, "PLBA");
        if (lba is null && NumberOf(entry, "PMin") is { } minutes)
        {
            lba = Msf.Frames(minutes, NumberOf(entry, "PSec") ?? 0, NumberOf(entry, "PFrame") ?? 0) - Msf.Origin;
        }

        if (lba is not (>= -Msf.Origin and <= int.MaxValue))
        {
            ImageFormatException.Throw(CcdFormat.Info.Id, 0, $"'{entry}' has the address {lba}");
        }

        return lba.Value;
    }

    private string? ValueOf(string section, string key) =>
        _sections.TryGetValue(section, out Dictionary<string, string>? values)
            && values.TryGetValue(key, out string? value)
            ? value
            : null;

    // Values that do not fit 32 bits mean nothing.
    private long? NumberOf(string section, string key)
    {
        if (ValueOf(section, key) is not { } text)
        {
            return null;
        }

        bool isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        bool isNumber = isHex
            ? int.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int number)
            : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
        if (!isNumber)
        {
            ImageFormatException.Throw(CcdFormat.Info.Id, 0, $"'{key}' of '{section}' is '{text}', which is no number");
        }

        return number;
    }
}
