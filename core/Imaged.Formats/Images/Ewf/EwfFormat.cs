using System.Collections.Immutable;
using System.Globalization;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ewf;

/// <summary>Expert Witness Format, the images of EnCase, SMART, FTK Imager and others: chunks of a disk, compressed or
/// with a checksum, in one file or in segments beside each other.</summary>
internal sealed class EwfFormat : IImageFormat
{
    public static FormatInfo Info { get; } = new(
        "ewf", "Expert Witness (EnCase) image", [".E01", ".Ex01", ".s01"], FormatCaps.Read | FormatCaps.Split);

    public static Match Probe(ProbeWindow window) =>
        EwfFileHeader.KindOf(window.Head) == EwfKind.None ? Match.No : Match.Strong;

    public static DiskImage Open(ImageOpener opener)
    {
        EwfFileHeader header = EwfFileHeader.Read(opener.Content, opener.FileName);
        if (header.Segment != 1)
        {
            ImageFormatException.Throw(Info.Id, 9, $"this is file {header.Segment} of an image; open the first one");
        }

        EwfContents contents = new();
        EwfSegments segments = new(opener);
        bool goesOn = true;
        for (int number = 1; goesOn; number++)
        {
            EwfSegment segment = segments.Open(number, header);
            goesOn = header.Kind == EwfKind.Second
                ? Ewf2SegmentReader.Read(segment, contents)
                : EwfSegmentReader.Read(segment, contents);
        }

        EwfMedia media = contents.RequireMedia();
        EwfSource source = new(media, contents.Tables, opener.Cache);
        return new DiskImage(Info, source)
        {
            Details = Describe(header, contents, media, segments.Count),
            Warnings = [.. contents.Warnings],
            Verify = contents.Md5 is null && contents.Sha1 is null
                ? null
                : check => EwfCheck.Run(source, contents.Md5, contents.Sha1, check),
        };
    }

    private static ImmutableArray<KeyValuePair<string, string>> Describe(
        EwfFileHeader header, EwfContents contents, EwfMedia media, int segments) =>
    [
        new("Version", header.Kind == EwfKind.Second ? "2 (Ex01)" : "1 (E01)"),
        new("Chunk size", media.ChunkLength.ToString(CultureInfo.InvariantCulture)),
        new("Segments", segments.ToString(CultureInfo.InvariantCulture)),
        .. contents.Notes,
    ];
}
