using System.Collections.Immutable;
using System.Text;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.CdText;

namespace Imaged.Formats.Optical.BlindWrite;

/// <summary>A descriptor of version 5 or 6: a header with the lengths of the parts that follow it.</summary>
internal sealed class B5Descriptor
{
    private const string Format = BlindWriteFormat.Id;
    private const int SignatureLength = 16;
    private const int MaxBlocks = 10_000;
    private const int MaxNameLength = 2048;
    private const int PartsOffset = 260;

    private readonly List<B5Block> _blocks = [];
    private readonly List<B5Track> _tracks = [];

    private B5Descriptor()
    {
    }

    /// <summary>First bytes of the file.</summary>
    public static ReadOnlySpan<byte> Signature => "BWT5 STREAM SIGN"u8;

    /// <summary>The runs of sectors, sorted by their first one.</summary>
    public IReadOnlyList<B5Block> Blocks => _blocks;

    /// <summary>The tracks in their order.</summary>
    public IReadOnlyList<B5Track> Tracks => _tracks;

    /// <summary>Kind of disc.</summary>
    public DiscMedium Medium { get; private set; }

    /// <summary>Media catalogue number; null when there is none.</summary>
    public string? CatalogNumber { get; private set; }

    /// <summary>CD-Text packs.</summary>
    public ImmutableArray<byte> TextPacks { get; private set; } = [];

    /// <summary>Facts for people.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Details { get; private set; } = [];

    private static ReadOnlySpan<byte> Foot => "BWT5 STREAM FOOT"u8;

    /// <summary>Reads a descriptor.</summary>
    public static B5Descriptor Read(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.EndsWith(Foot))
        {
            ImageFormatException.Throw(
                Format, bytes.Length, "the descriptor does not end with BWT5 STREAM FOOT: it is cut off");
        }

        DescriptorReader reader = new(Format, bytes, 0);
        B5Descriptor descriptor = new();
        reader.Skip(SignatureLength + 32);
        int profile = reader.UInt16();
        descriptor.Medium = MediumOf(profile);
        int sessions = reader.UInt16();
        if (sessions is 0 or > Disc.MaxSessions)
        {
            ImageFormatException.Throw(Format, 50, $"there are {sessions} sessions, not 1 to {Disc.MaxSessions}");
        }

        reader.Skip(12);
        bool hasNumber = reader.Byte() != 0;
        string number = Encoding.Latin1.GetString(reader.Take(13));
        descriptor.CatalogNumber = hasNumber ? number : null;
        reader.Skip(18);
        int pma = reader.UInt16();
        int atip = reader.UInt16();
        int text = reader.UInt16();
        int cdInfo = reader.UInt16();
        uint bca = reader.UInt32();
        reader.Skip(12);
        uint structures = reader.UInt32();
        uint dvdInfo = reader.UInt32();
        reader.Skip(32);
        string drive = string.Join(' ', ((string[])[Text(reader.Take(8)), Text(reader.Take(16)), Text(reader.Take(4))])
            .Where(part => part.Length > 0));
        descriptor.Details = drive.Length > 0 ? [new("Read by", drive)] : [];
        reader.Skip(20 + 32);
        uint page = reader.UInt32();
        uint unknown = reader.UInt32();
        uint blocks = reader.UInt32();
        uint tables = reader.UInt32();
        reader.Skip(PartsOffset - reader.Position);

        reader.Skip(page);
        reader.Skip(unknown);
        reader.Skip(pma);
        reader.Skip(atip);
        descriptor.TextPacks = CdTextPacks.OfFile(WithoutHeader(reader.Take(text)));
        reader.Skip(bca);
        reader.Skip(structures);
        reader.Skip(descriptor.Medium == DiscMedium.Cd ? cdInfo : dvdInfo);
        long offset = reader.FileOffset;
        descriptor.ReadBlocks(new(Format, reader.Take(blocks), offset));
        offset = reader.FileOffset;
        descriptor.ReadSessions(new(Format, reader.Take(tables), offset), sessions);
        return descriptor;
    }

    private static ReadOnlySpan<byte> WithoutHeader(ReadOnlySpan<byte> text) =>
        text.Length % CdTextPacks.PackLength == 4 ? text[4..] : text;

    private static string Text(ReadOnlySpan<byte> field) => Encoding.Latin1.GetString(field).Trim('\0', ' ');

    // The profiles of MMC.
    private static DiscMedium MediumOf(int profile) => profile switch
    {
        >= 0x40 and <= 0x43 => DiscMedium.Bd,
        >= 0x10 and < 0x20 or >= 0x2a and < 0x40 or >= 0x50 and < 0x60 => DiscMedium.Dvd,
        _ => DiscMedium.Cd,
    };

    private void ReadBlocks(DescriptorReader reader)
    {
        uint count = reader.UInt32();
        if (count > MaxBlocks)
        {
            ImageFormatException.Throw(
                Format, reader.FileOffset - 4, $"there are {count} runs of sectors, more than {MaxBlocks}");
        }

        // The path of the drive.
        reader.Skip(reader.UInt32());
        for (uint i = 0; i < count; i++)
        {
            long offset = reader.FileOffset;
            reader.Skip(4);
            uint bytes = reader.UInt32();
            reader.Skip(16);
            uint begin = reader.UInt32();
            reader.Skip(12);
            int lba = reader.Int32();
            int sectors = reader.Int32();
            uint length = reader.UInt32();
            if (length > MaxNameLength || length % 2 != 0 || sectors <= 0 || bytes % (uint)sectors != 0)
            {
                ImageFormatException.Throw(
                    Format, offset, $"a run has {sectors} sectors in {bytes} bytes, and a name of {length} bytes");
            }

            string name = Encoding.Unicode.GetString(reader.Take(length)).TrimEnd('\0');
            reader.Skip(4);
            _blocks.Add(new(name, begin, bytes, lba, sectors, offset));
        }

        _blocks.Sort((left, right) => left.Lba.CompareTo(right.Lba));
        for (int i = 1; i < _blocks.Count; i++)
        {
            if (_blocks[i].Lba < _blocks[i - 1].EndLba)
            {
                ImageFormatException.Throw(
                    Format, _blocks[i].EntryOffset, $"two runs both hold sector {_blocks[i].Lba}");
            }
        }
    }

    private void ReadSessions(DescriptorReader reader, int count)
    {
        for (int session = 1; session <= count; session++)
        {
            reader.Skip(2);
            int entries = reader.Byte();
            reader.Skip(13);
            for (int i = 0; i < entries; i++)
            {
                ReadEntry(ref reader, session);
            }
        }
    }

    private void ReadEntry(ref DescriptorReader reader, int session)
    {
        long offset = reader.FileOffset;
        int type = reader.Byte();
        reader.Skip(9);
        int control = reader.Byte();
        reader.Skip(1);
        int point = reader.Byte();
        reader.Skip(9);
        uint pregap = reader.UInt32();
        reader.Skip(16);
        int lba = reader.Int32();
        int sectors = reader.Int32();
        reader.Skip(14);

        // Of tracks of a CD there are eight bytes more.
        reader.Skip(type is 0 or 6 ? 0 : 8);
        if (type == 0 || point is 0 or > Disc.MaxTracks)
        {
            return;
        }

        TrackMode mode = type switch
        {
            1 => TrackMode.Audio,
            2 or 6 => TrackMode.Mode1,
            >= 3 and <= 5 => TrackMode.Mode2,
            _ => throw new UnsupportedFeatureException(Format, $"a track of type {type}"),
        };
        if (sectors <= 0 || pregap >= (uint)sectors)
        {
            ImageFormatException.Throw(
                Format, offset, $"track {point} has {sectors} sectors, {pregap} of them before index 1");
        }

        _tracks.Add(
            new(point, session, mode, offset) { Control = control & 15, Lba = lba, Count = sectors, Pregap = pregap });
    }
}
