using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Cdi;

/// <summary>Images of DiscJuggler: the sectors of all tracks, then a descriptor, then its version and place.</summary>
internal sealed class CdiFormat : IImageFormat
{
    /// <summary>Id of the format.</summary>
    public const string Id = "cdi";

    public static FormatInfo Info { get; } = new(Id, "DiscJuggler disc image", [".cdi"], FormatCaps.Read);

    public static Match Probe(ProbeWindow window)
    {
        if (!CdiTrailer.TryParse(window.Tail, window.Length, out CdiTrailer trailer))
        {
            return Match.No;
        }

        long inTail = trailer.DescriptorOffset - (window.Length - window.Tail.Length);
        return inTail < 0 ? Match.Weak
            : CdiDescriptor.MayBegin(window.Tail[(int)inTail..]) ? Match.Strong
            : Match.No;
    }

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource content = opener.Content;
        int count = (int)Math.Min(CdiTrailer.Length, content.Length);
        byte[] tail = content.ReadBytes(content.Length - count, count);
        if (!CdiTrailer.TryParse(tail, content.Length, out CdiTrailer trailer))
        {
            throw new ImageFormatException(
                Id, content.Length - count, "the file does not end with a version and the place of a descriptor");
        }

        CdiDescriptor descriptor = CdiDescriptor.Read(content, trailer);
        Disc disc = CdiLayout.Build(new SliceSource(content, 0, trailer.DescriptorOffset), descriptor);
        return DiscImage.Create(
            Info,
            disc,
            descriptor.Warnings,
            [new("Version", "DiscJuggler " + trailer.Version switch { 2 => "2", 3 => "3", _ => "3.5 or 4" })]);
    }
}
