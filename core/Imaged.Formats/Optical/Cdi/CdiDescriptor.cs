using System.Collections.Immutable;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.CdText;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Cdi;

/// <summary>The descriptor at the end of the file: no table, but fields one behind the other whose lengths depend on
/// those before and on the version of the program.</summary>
internal sealed class CdiDescriptor
{
    private const string Format = CdiFormat.Id;
    private const int MaxLength = 4 << 20;
    private const int MaxTracks = Disc.MaxTracks;
    private const int MaxIndexes = 100;
    private const int MaxTexts = 100;
    private const int TextFields = 18;
    private const int MarkSearch = 64;
    private const uint NewHeader = 0x80000000;
    private const uint DvdMedium = 0x38;

    private readonly int _version;
    private readonly List<CdiTrack> _tracks = [];

    private CdiDescriptor(int version) => _version = version;

    /// <summary>The tracks in their order, which is also that of their sectors in the file.</summary>
    public IReadOnlyList<CdiTrack> Tracks => _tracks;

    /// <summary>Kind of disc.</summary>
    public DiscMedium Medium { get; private set; } = DiscMedium.Cd;

    /// <summary>Media catalogue number; null when there is none.</summary>
    public string? CatalogNumber { get; private set; }

    /// <summary>CD-Text packs.</summary>
    public ImmutableArray<byte> TextPacks { get; private set; } = [];

    /// <summary>Harmless oddities.</summary>
    public List<string> Warnings { get; } = [];

    private static ReadOnlySpan<byte> Mark =>
        [0, 0, 1, 0, 0, 0, 255, 255, 255, 255, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255];

    /// <summary>Whether the bytes can begin a descriptor.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> bytes) =>
        bytes.Length > 4 && bytes[0] is >= 1 and <= Disc.MaxSessions && bytes[1] == 0
        && bytes[..Math.Min(bytes.Length, MarkSearch + 4)].IndexOf(Mark) >= 0;

    /// <summary>Reads the descriptor.</summary>
    public static CdiDescriptor Read(BlockSource content, CdiTrailer trailer)
    {
        long length = content.Length - CdiTrailer.Length - trailer.DescriptorOffset;
        if (length is < 2 or > MaxLength)
        {
            ImageFormatException.Throw(
                Format, trailer.DescriptorOffset, $"the descriptor has {length} bytes, not 2 to {MaxLength}");
        }

        CdiDescriptor descriptor = new(trailer.Version);
        DescriptorReader reader = new(
            Format, content.ReadBytes(trailer.DescriptorOffset, (int)length), trailer.DescriptorOffset);
        int sessions = reader.UInt16();
        if (sessions is 0 or > Disc.MaxSessions)
        {
            ImageFormatException.Throw(
                Format, trailer.DescriptorOffset, $"there are {sessions} sessions, not 1 to {Disc.MaxSessions}");
        }

        int number = 0;
        for (int i = 0; i < sessions; i++)
        {
            int tracks = reader.UInt16();
            if (tracks > MaxTracks)
            {
                ImageFormatException.Throw(
                    Format, reader.FileOffset - 2, $"a session has {tracks} tracks, more than {MaxTracks}");
            }

            // A disc that is still open ends with a session without tracks.
            number += tracks > 0 ? 1 : 0;
            for (int track = 0; track < tracks; track++)
            {
                descriptor.ReadTrack(ref reader, number);
            }

            reader.Skip(descriptor._version == 2 ? 12 : 13);
        }

        descriptor.ReadDisc(ref reader);
        return descriptor;
    }

    private void ReadTrack(ref DescriptorReader reader, int session)
    {
        long offset = reader.FileOffset;
        ReadHeader(ref reader);
        int count = reader.UInt16();
        if (count is < 2 or > MaxIndexes)
        {
            ImageFormatException.Throw(Format, offset, $"a track has {count} indexes, not 2 to {MaxIndexes}");
        }

        ImmutableArray<long>.Builder lengths = ImmutableArray.CreateBuilder<long>(count);
        for (int i = 0; i < count; i++)
        {
            lengths.Add(reader.UInt32());
        }

        uint texts = reader.UInt32();
        if (texts > MaxTexts)
        {
            ImageFormatException.Throw(Format, offset, $"a track has {texts} blocks of CD-Text, more than {MaxTexts}");
        }

        for (uint i = 0; i < texts * TextFields; i++)
        {
            reader.Skip(reader.Byte());
        }

        reader.Skip(2);
        uint mode = reader.UInt32();
        reader.Skip(12);
        uint start = reader.UInt32();
        uint sectors = reader.UInt32();
        reader.Skip(16);
        uint readMode = reader.UInt32();
        uint control = reader.UInt32();
        reader.Skip(9);
        string isrc = Encoding.Latin1.GetString(reader.Take(12));
        reader.Skip(4);
        if (_version >= 3)
        {
            reader.Skip(5);
            if (reader.UInt32() == uint.MaxValue)
            {
                reader.Skip(78);
            }
        }

        StoredSector stored = StoredOf(readMode);
        _tracks.Add(new(session, ModeOf(mode, stored), stored, offset)
        {
            IndexLengths = lengths.ToImmutable(),
            Start = start,
            Count = sectors,
            Control = (int)(control & 15),
            Isrc = isrc,
        });
    }

    // What a track begins with, and the disc, too.
    private void ReadHeader(ref DescriptorReader reader)
    {
        if (reader.UInt32() != 0)
        {
            reader.Skip(8);
        }

        int mark = reader.Rest[..Math.Min(reader.Remaining, MarkSearch + Mark.Length)].IndexOf(Mark);
        if (mark < 0)
        {
            ImageFormatException.Throw(Format, reader.FileOffset, "the mark at the beginning of a track is missing");
        }

        reader.Skip(mark + Mark.Length + 4);
        reader.Skip(reader.Byte());
        reader.Skip(19);
        if (reader.UInt32() == NewHeader)
        {
            reader.Skip(4);
            Medium = reader.UInt32() >> 16 == DvdMedium ? DiscMedium.Dvd : Medium;
        }
    }

    // Nothing in it is needed: when it cannot be read, that is told.
    private void ReadDisc(ref DescriptorReader reader)
    {
        if (_version < 4)
        {
            return;
        }

        try
        {
            reader.Skip(2);
            ReadHeader(ref reader);
            reader.Skip(4);
            reader.Skip(reader.Byte());
            reader.Skip(9);
            string number = Encoding.Latin1.GetString(reader.Take(13));
            CatalogNumber = reader.UInt32() != 0 ? number : null;
            TextPacks = CdTextPacks.OfFile(reader.Take(reader.UInt32()));
        }
        catch (ImageFormatException)
        {
            Warnings.Add("the descriptor of the disc is damaged: catalogue number and CD-Text are left out");
        }
    }

    private static StoredSector StoredOf(uint readMode) => readMode switch
    {
        0 => new(SectorLayout.Data2048, SubchannelLayout.None),
        1 => new(SectorLayout.Mode2Data2336, SubchannelLayout.None),
        2 => new(SectorLayout.Raw2352, SubchannelLayout.None),
        3 => new(SectorLayout.Raw2352, SubchannelLayout.Q16),
        4 => new(SectorLayout.Raw2352, SubchannelLayout.Interleaved),
        _ => throw new UnsupportedFeatureException(Format, $"read mode {readMode}"),
    };

    private static TrackMode ModeOf(uint mode, StoredSector stored) => mode switch
    {
        0 => TrackMode.Audio,
        1 when stored.Layout != SectorLayout.Mode2Data2336 => TrackMode.Mode1,
        1 or 2 => TrackMode.Mode2,
        _ => throw new UnsupportedFeatureException(Format, $"track mode {mode}"),
    };
}
