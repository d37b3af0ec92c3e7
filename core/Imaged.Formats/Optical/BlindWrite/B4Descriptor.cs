using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.BlindWrite;

/// <summary>A descriptor of version 4: fields one behind the other, texts with their length in front.</summary>
internal sealed class B4Descriptor
{
    private const string Format = BlindWriteFormat.Id;
    private const int MaxTracks = 1000;
    private const int MaxText = 4096;
    private const int TextsOfTrack = 15;
    private const int FirstLeadIn = 0xa0;
    private const int SectorLength = SectorLayouts.RawLength;

    private readonly List<B4Track> _tracks = [];

    private B4Descriptor()
    {
    }

    /// <summary>First bytes of the file.</summary>
    public static ReadOnlySpan<byte> Signature => "BLINDWRITE TOC FILE"u8;

    /// <summary>Name of the file with the sectors.</summary>
    public string DataFile { get; private set; } = string.Empty;

    /// <summary>Name of the file with the subchannels; empty when there is none.</summary>
    public string SubchannelFile { get; private set; } = string.Empty;

    /// <summary>The tracks in their order.</summary>
    public IReadOnlyList<B4Track> Tracks => _tracks;

    /// <summary>Reads a descriptor.</summary>
    public static B4Descriptor Read(ReadOnlySpan<byte> bytes)
    {
        DescriptorReader reader = new(Format, bytes, 0);
        B4Descriptor descriptor = new();
        reader.Skip(Signature.Length + 12);

        // Volume, system, comments.
        for (int i = 0; i < 3; i++)
        {
            _ = Text(ref reader);
        }

        uint count = reader.UInt32();
        if (count > MaxTracks)
        {
            ImageFormatException.Throw(
                Format, reader.FileOffset - 4, $"there are {count} tracks, more than {MaxTracks}");
        }

        descriptor.DataFile = Text(ref reader);
        descriptor.SubchannelFile = Text(ref reader);
        reader.Skip(4);
        reader.Skip(reader.Byte());
        for (uint i = 0; i < count; i++)
        {
            descriptor.ReadTrack(ref reader);
        }

        return descriptor;
    }

    private static string Text(ref DescriptorReader reader)
    {
        uint length = reader.UInt32();
        if (length > MaxText)
        {
            ImageFormatException.Throw(
                Format, reader.FileOffset - 4, $"a text has {length} bytes, more than {MaxText}");
        }

        return Encoding.Latin1.GetString(reader.Take(length)).TrimEnd('\0');
    }

    private void ReadTrack(ref DescriptorReader reader)
    {
        long entry = reader.FileOffset;
        string name = Text(ref reader);
        long offset = reader.UInt32();
        reader.Skip(9);
        int session = reader.Byte();
        reader.Skip(1);
        int control = reader.Byte() & 15;
        reader.Skip(3);
        int point = reader.Byte();
        reader.Skip(8);
        long adjustment = reader.UInt32();
        reader.Skip(6);
        long end = reader.UInt32();
        reader.Skip(1);
        int pregap = reader.Int32();
        int start = reader.Int32();
        reader.Skip(8);
        string[] texts = new string[TextsOfTrack];
        for (int i = 0; i < TextsOfTrack; i++)
        {
            texts[i] = Text(ref reader);
        }

        if (point is 0 or >= FirstLeadIn)
        {
            return;
        }

        _tracks.Add(new(point, Math.Max(1, session), entry)
        {
            FileName = name,

            // Offsets count from two seconds before the track, less what of them is not stored.
            Offset = offset + ((DiscBuilder.FirstPregap - adjustment) * SectorLength),
            Control = control,
            PregapLba = pregap,
            Lba = start,
            EndLba = end,
            Title = texts[0],
            Performer = texts[1],
            Isrc = texts[^1],
        });
    }
}
