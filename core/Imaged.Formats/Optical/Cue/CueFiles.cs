using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Descriptors;
using Imaged.Formats.Optical.Sound;

namespace Imaged.Formats.Optical.Cue;

/// <summary>A data file of a cue sheet, opened.</summary>
/// <param name="Source">Its sectors; of a sound file its samples.</param>
/// <param name="IsSound">Whether it is a sound file, with a header of its own.</param>
/// <param name="IsBigEndian">Whether samples have the high byte first.</param>
internal sealed record CueData(BlockSource Source, bool IsSound, bool IsBigEndian);

/// <summary>Opens the data files of a cue sheet.</summary>
/// <param name="sheet">The sheet.</param>
/// <param name="companions">What lies beside it.</param>
/// <param name="warnings">Takes what is odd about them.</param>
internal sealed class CueFiles(CueSheet sheet, CompanionFiles companions, List<string> warnings)
{
    private static readonly string[] DataExtensions = [".bin", ".img", ".iso", ".raw"];

    // Programs that compress the sound of a disc often leave the sheet as it was.
    private static readonly (string Extension, string Codec)[] Compressed =
        [
            (".flac", "FLAC"), (".ape", "Monkey's Audio"),
            (".wv", "WavPack"), (".mp3", "MP3"), (".ogg", "Ogg"), (".m4a", "MPEG-4"),
        ];

    private readonly List<IDisposable> _opened = [];

    /// <summary>What is to be disposed with the image.</summary>
    public IReadOnlyList<IDisposable> Opened => _opened;

    /// <summary>Opens a file.</summary>
    /// <exception cref="ImageFormatException">It is not there, or its header is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">Its sound is compressed.</exception>
    public CueData Open(CueFile file)
    {
        bool isData = file.Type is "BINARY" or "MOTOROLA" or "";
        string[] extensions = sheet.Files.Count == 1 && isData ? DataExtensions : [];
        (BlockSource Source, string Name)? found = companions.TryOpen(file.Name, file.Offset, extensions);
        if (found is null)
        {
            FailIfCompressed(file);
            found = companions.Open(file.Name, file.Offset, extensions);
        }

        (BlockSource source, string name) = found.Value;
        if (SoundFile.TryOpen(source, name, CueFormat.Info.Id, isSound: !isData) is { } sound)
        {
            if (isData)
            {
                warnings.Add($"'{name}' is a sound file, though it is said to be {file.Type}");
            }

            _opened.Add(sound.Samples);
            return new(sound.Samples, true, sound.IsBigEndian);
        }

        if (!isData)
        {
            if (file.Type is not ("WAVE" or "AIFF"))
            {
                UnsupportedFeatureException.Throw(CueFormat.Info.Id, $"{file.Type} sound ('{name}')");
            }

            warnings.Add($"'{name}' is no {file.Type} file: it is taken for sectors");
        }

        return new(source, false, file.Type == "MOTOROLA");
    }

    /// <summary>Opens the file with CD-Text; null when it is not there.</summary>
    public BlockSource? OpenText(string name, long offset) => companions.TryOpen(name, offset)?.Source;

    private void FailIfCompressed(CueFile file)
    {
        foreach ((string extension, string codec) in Compressed)
        {
            string name = Path.ChangeExtension(CompanionFiles.LastPart(file.Name), extension);
            if (file.Type is not ("BINARY" or "MOTOROLA") && companions.TryOpen(name, file.Offset) is not null)
            {
                UnsupportedFeatureException.Throw(CueFormat.Info.Id, $"{codec} sound ('{name}')");
            }
        }
    }
}
