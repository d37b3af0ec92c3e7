using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Sound;

/// <summary>Samples of a sound file, as sectors of 2352 bytes; the last one is filled up with silence.</summary>
/// <param name="Samples">16 bits, two channels, 44.1 kHz; a whole number of sectors. Does not own the file.</param>
/// <param name="IsBigEndian">Whether the high byte of a sample comes first.</param>
internal sealed record SoundFile(BlockSource Samples, bool IsBigEndian)
{
    private const int SectorLength = SectorLayouts.RawLength;
    private const int MagicLength = 12;

    /// <summary>Reads a file that has a header of its own.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <param name="format">Id of the format that names it, for errors.</param>
    /// <param name="isSound">Whether the descriptor says that it is a sound file: then weak signs are believed,
    /// too.</param>
    /// <returns>Null when it is none: samples without a header, or data.</returns>
    /// <exception cref="UnsupportedFeatureException">It is a sound file, but not of the kind above.</exception>
    /// <exception cref="ImageFormatException">Its header is wrong.</exception>
    public static SoundFile? TryOpen(BlockSource file, string name, string format, bool isSound)
    {
        Span<byte> magic = stackalloc byte[MagicLength];
        magic.Clear();
        file.ReadUpTo(0, magic);
        if (WaveHeader.Is(magic))
        {
            return WaveHeader.Open(file, name, format);
        }

        if (AiffHeader.Is(magic))
        {
            return AiffHeader.Open(file, name, format);
        }

        if (CodecOf(magic, isSound) is { } codec)
        {
            UnsupportedFeatureException.Throw(format, $"{codec} sound ('{name}')");
        }

        return null;
    }

    /// <summary>A part of a file as samples.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Byte offset of the first sample, inside the file.</param>
    /// <param name="length">Bytes of samples; cut at the end of the file.</param>
    /// <param name="isBigEndian">Whether the high byte of a sample comes first.</param>
    public static SoundFile Of(BlockSource file, long offset, long length, bool isBigEndian)
    {
        SliceSource samples = new(file, offset, Math.Min(length, file.Length - offset));
        long missing = (SectorLength - (samples.Length % SectorLength)) % SectorLength;
        return new(
            missing == 0 ? samples : new ConcatSource([samples, new ZeroSource(missing)], ownsParts: true),
            isBigEndian);
    }

    /// <summary>Checks what a header says of its samples.</summary>
    /// <exception cref="UnsupportedFeatureException">They are not as on a CD.</exception>
    public static void CheckSamples(string format, string name, long channels, long bits, double rate)
    {
        if (channels != 2 || bits != 16 || rate != 44100)
        {
            UnsupportedFeatureException.Throw(
                format,
                FormattableString.Invariant($"sound of {channels} channels, {bits} bits, {rate} Hz ('{name}')"));
        }
    }

    // The sync word of MPEG sound is eleven bits only, which samples may begin with as well.
    private static string? CodecOf(ReadOnlySpan<byte> magic, bool isSound) => magic switch
    {
        _ when magic.StartsWith("fLaC"u8) => "FLAC",
        _ when magic.StartsWith("MAC "u8) => "Monkey's Audio",
        _ when magic.StartsWith("wvpk"u8) => "WavPack",
        _ when magic.StartsWith("OggS"u8) => "Ogg",
        _ when magic.StartsWith("TTA1"u8) => "True Audio",
        _ when magic[4..].StartsWith("ftyp"u8) => "MPEG-4",
        _ when isSound && (magic.StartsWith("ID3"u8) || (magic[0] == 0xff && (magic[1] & 0xe0) == 0xe0)) => "MP3",
        _ => null,
    };
}
