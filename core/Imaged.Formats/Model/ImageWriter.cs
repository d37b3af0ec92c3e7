using System.Collections.Immutable;
using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>What is to be written in another format.</summary>
/// <param name="Device">The bytes of the disk, partition or data track that was chosen.</param>
/// <param name="Disc">Sessions and tracks, when it is a disc.</param>
/// <param name="Track">The track that was chosen; null for the whole.</param>
public sealed record WriterInput(BlockSource Device, Disc? Disc, int? Track)
{
    /// <summary>The compact disc, whose sectors have 2352 bytes.</summary>
    /// <param name="format">Id of the format that needs it.</param>
    /// <exception cref="UnsupportedFeatureException">It is none.</exception>
    public Disc RequireDisc(string format) => Disc switch
    {
        null => throw new UnsupportedFeatureException(format, "an image without sessions and tracks"),
        { Medium: DiscMedium.Dvd or DiscMedium.Bd } =>
            throw new UnsupportedFeatureException(format, "a DVD or Blu-ray disc (--to iso takes its data)"),
        _ => Disc,
    };
}

/// <summary>A file to be written.</summary>
/// <param name="Extension">Of its name, with the dot. The first one is named as the user says, whatever this
/// is.</param>
/// <param name="Content">Its bytes. There is nothing to dispose: what stores them belongs to the image.</param>
public sealed record WriterFile(string Extension, BlockSource Content);

/// <summary>A format that <c>convert</c> writes; registered by one line in <see cref="ImageWriters"/>.</summary>
/// <param name="Id">As given to <c>--to</c>.</param>
/// <param name="Title">For people.</param>
/// <param name="Extensions">Extensions of the first file and of those beside it.</param>
/// <param name="Plan">The files of an input. The second argument is the name of the first file without folder and
/// extension: the others are named like it.</param>
public sealed record ImageWriter(
    string Id,
    string Title,
    ImmutableArray<string> Extensions,
    Func<WriterInput, string, ImmutableArray<WriterFile>> Plan);
