using Imaged.Formats.Model;
using Imaged.Formats.Optical.Ccd;
using Imaged.Formats.Optical.Cue;
using Imaged.Formats.Optical.Nrg;
using Imaged.Formats.Optical.Toc;
using Imaged.Formats.Optical.Tree;

namespace Imaged.Formats;

/// <summary>All formats that <c>convert</c> writes. What is written is read from a
/// <see cref="Imaged.Blocks.BlockSource"/> like everything else: a writer only says what the bytes of its files
/// are.</summary>
public static class ImageWriters
{
    /// <summary>In the order in which they are shown.</summary>
    public static readonly IReadOnlyList<ImageWriter> All =
    [
        new("raw", "the bytes of the disk", [".img"], static (input, _) => [new(".img", input.Device)]),
        new("iso", "the data of a disc's track", [".iso"], static (input, _) => [new(".iso", DataOf(input))]),
        new("cue", "cue sheet, with all sectors in a .bin file", [".cue", ".bin"], CueWriter.Plan),
        new("ccd", "CloneCD, with .img and .sub files", [".ccd", ".img", ".sub"], CcdWriter.Plan),
        new("toc", "cdrdao, with all sectors in a .bin file", [".toc", ".bin"], TocWriter.Plan),
        new("nrg", "Nero", [".nrg"], NrgWriter.Plan),
        new("wav", "a track of sound", [".wav"], WaveSource.Plan),
    ];

    /// <summary>The writer of this id, or null.</summary>
    public static ImageWriter? Find(string id) =>
        All.FirstOrDefault(writer => writer.Id.Equals(id, StringComparison.OrdinalIgnoreCase));

    private static Imaged.Blocks.BlockSource DataOf(WriterInput input) =>
        input.Disc is { } disc && !disc.Tracks.Any(track => track.IsData)
            ? throw new UnsupportedFeatureException("iso", "a disc without data (--to wav or cue takes its sound)")
            : input.Device;
}
