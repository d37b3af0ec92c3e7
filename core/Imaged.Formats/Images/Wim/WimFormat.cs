using System.Collections.Immutable;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Wim;

namespace Imaged.Formats.Images.Wim;

/// <summary>Windows images: no disk, but files. The content is the file as it is, of a split one all parts one behind
/// the other, and the file system <c>wim</c> on it reads the files.</summary>
internal sealed class WimFormat : IImageFormat
{
    public static FormatInfo Info { get; } = new(
        WimFileSystem.Id, "Windows image (WIM)", [".wim", ".swm", ".esd"], FormatCaps.Read | FormatCaps.Split);

    public static Match Probe(ProbeWindow window) => WimHeader.IsMagic(window.Head) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        WimHeader header = WimHeader.Read(opener.Content, 0);
        if (header.Part != 1)
        {
            ImageFormatException.Throw(
                Info.Id, 40, $"this is part {header.Part} of {header.Parts}; open the first one");
        }

        BlockSource content = header.Parts == 1 ? opener.Content : Join(opener, header);
        return new DiskImage(Info, content)
        {
            Details = Describe(header),
            Warnings = header.Parts == 1 && header.End > content.Length
                ? [$"the file ends at byte {content.Length}, its header says {header.End}"]
                : [],
            Verify = check => WimCheck.Run(content, opener.Cache, check),
        };
    }

    /// <summary>Name of a part: <c>name.swm</c>, <c>name2.swm</c>, <c>name3.swm</c> …</summary>
    internal static string NameOf(string first, int number) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.GetFileNameWithoutExtension(first)}{number}{Path.GetExtension(first)}");

    private static ConcatSource Join(ImageOpener opener, WimHeader first)
    {
        List<BlockSource> parts = [new SliceSource(opener.Content, 0, EndOf(first, opener.Content))];
        for (int number = 2; number <= first.Parts; number++)
        {
            string name = NameOf(opener.FileName, number);
            if (opener.Siblings is null || !opener.Siblings.TryOpen(name, out BlockSource file))
            {
                throw new ImageFormatException(
                    Info.Id, 42, $"the image has {first.Parts} parts, but '{name}' is not beside it");
            }

            WimHeader header = WimHeader.Read(file, 0);
            if (header.Part != number || header.Parts != first.Parts || header.Id != first.Id)
            {
                ImageFormatException.Throw(Info.Id, 40, $"'{name}' is not part {number} of this image");
            }

            parts.Add(new SliceSource(file, 0, EndOf(header, file)));
        }

        return new ConcatSource(parts, ownsParts: false);
    }

    // The parts are found again by their headers alone, so that each has to end where its header says.
    private static long EndOf(WimHeader header, BlockSource file) => header.End <= file.Length
        ? header.End
        : throw new ImageFormatException(
            Info.Id, file.Length, $"part {header.Part} ends at byte {file.Length}, not at {header.End}");

    private static ImmutableArray<KeyValuePair<string, string>> Describe(WimHeader header)
    {
        ImmutableArray<KeyValuePair<string, string>> details =
        [
            new("GUID", header.Id.ToString()),
        ];
        if (header.Parts > 1)
        {
            details = details.Add(new("Parts", header.Parts.ToString(CultureInfo.InvariantCulture)));
        }

        return header.BootImage == 0
            ? details
            : details.Add(new("Boot image", header.BootImage.ToString(CultureInfo.InvariantCulture)));
    }
}
