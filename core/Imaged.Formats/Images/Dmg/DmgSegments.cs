using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Dmg;

/// <summary>A file of a UDIF image.</summary>
/// <param name="File">The whole file.</param>
/// <param name="Trailer">Its trailer.</param>
internal sealed record DmgSegment(BlockSource File, KolyTrailer Trailer);

/// <summary>The files that a UDIF image consists of, <c>name.dmg</c>, <c>name.002.dmgpart</c> …: their data forks one
/// behind the other are that of the image.</summary>
internal sealed class DmgSegments
{
    private DmgSegments(List<DmgSegment> all, BlockSource fork)
    {
        All = all;
        Fork = fork;
    }

    /// <summary>In their order.</summary>
    public IReadOnlyList<DmgSegment> All { get; }

    /// <summary>How many there are.</summary>
    public int Count => All.Count;

    /// <summary>The data forks.</summary>
    public BlockSource Fork { get; }

    /// <summary>Opens the files behind the first one.</summary>
    /// <exception cref="ImageFormatException">One is missing, or is part of another image.</exception>
    public static DmgSegments Open(ImageOpener opener, KolyTrailer first)
    {
        List<DmgSegment> all = [new(opener.Content, first)];
        if (first.SegmentCount < 2)
        {
            return new(all, ForkOf(all[0]));
        }

        if (first.Segment != 1)
        {
            ImageFormatException.Throw(
                DmgFormat.Info.Id, 56, $"this is file {first.Segment} of {first.SegmentCount}; open the first one");
        }

        string stem = Path.GetFileNameWithoutExtension(opener.FileName);
        for (uint number = 2; number <= first.SegmentCount; number++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{stem}.{number:000}.dmgpart");
            if (opener.Siblings is null || !opener.Siblings.TryOpen(name, out BlockSource file))
            {
                throw new ImageFormatException(
                    DmgFormat.Info.Id, 60, $"file {number} of {first.SegmentCount}, '{name}', is not there");
            }

            KolyTrailer trailer = DmgFormat.ReadTrailer(file, file.Length - KolyTrailer.Length);
            if (trailer.SegmentId != first.SegmentId || trailer.Segment != number)
            {
                ImageFormatException.Throw(DmgFormat.Info.Id, 64, $"'{name}' is part of another image");
            }

            all.Add(new(file, trailer));
        }

        return new(all, new ConcatSource(all.Select(ForkOf), ownsParts: false));
    }

    /// <summary>The data fork of a segment.</summary>
    public static SliceSource ForkOf(DmgSegment segment) =>
        new(segment.File, segment.Trailer.ForkOffset, segment.Trailer.ForkLength);
}
