using System.Buffers.Binary;
using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Tree;

/// <summary>A sound track as a WAVE file: 44.1 kHz, two channels, 16 bits. From index 1 to the end of the
/// track.</summary>
public static class WaveSource
{
    private const int HeaderLength = 44;

    /// <summary>The file of <c>convert</c>: of the track that was chosen, or of the only one.</summary>
    internal static ImmutableArray<WriterFile> Plan(WriterInput input, string stem)
    {
        Disc disc = input.RequireDisc("wav");
        DiscTrack[] sound =
            [.. disc.Tracks.Where(track => !track.IsData && (input.Track is null || track.Number == input.Track))];
        return sound.Length switch
        {
            1 => [new(".wav", Create(sound[0]))],
            0 => throw new UnsupportedFeatureException("wav", "data without sound"),
            _ => throw new UnsupportedFeatureException(
                "wav", $"more than one track in a file (choose with --track {sound[0].Number} to {sound[^1].Number})"),
        };
    }

    /// <summary>The file of a sound track.</summary>
    /// <exception cref="UnsupportedFeatureException">The track is longer than a WAVE file can be: 4 GiB.</exception>
    public static BlockSource Create(DiscTrack track)
    {
        BlockSource samples = DiscStream.OpenBody(track);
        if (samples.Length > uint.MaxValue - HeaderLength)
        {
            throw new UnsupportedFeatureException(DiscVolume.Format, "a WAVE file above 4 GiB");
        }

        return new ConcatSource([new MemorySource(Header((uint)samples.Length)), samples], ownsParts: true);
    }

    /// <summary>Bytes of the file of a sound track.</summary>
    public static long LengthOf(DiscTrack track) => HeaderLength + (track.Length * SectorLayouts.RawLength);

    // RIFF as in "Multimedia Programming Interface and Data Specifications 1.0": one chunk "fmt ", one chunk "data".
    private static byte[] Header(uint length)
    {
        const int SampleRate = 44100;
        const int FrameLength = 4;
        byte[] header = new byte[HeaderLength];
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), length + HeaderLength - 8);
        "WAVEfmt "u8.CopyTo(header.AsSpan(8));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), 16);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(20), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(22), 2);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), SampleRate);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), SampleRate * FrameLength);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(32), FrameLength);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(34), 16);
        "data"u8.CopyTo(header.AsSpan(36));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(40), length);
        return header;
    }
}
