using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Nrg;

/// <summary>Images of Nero Burning ROM: the sectors of all tracks, then chunks that describe them, then a
/// footer.</summary>
internal sealed class NrgFormat : IImageFormat
{
    /// <summary>Id of the format.</summary>
    public const string Id = "nrg";

    public static FormatInfo Info { get; } = new(Id, "Nero disc image", [".nrg"], FormatCaps.Read | FormatCaps.Write);

    public static Match Probe(ProbeWindow window) =>
        !NrgFooter.TryFind(window.Tail, window.Length, out NrgFooter footer) ? Match.No
        : window.Length - footer.ChunksOffset <= window.Tail.Length ? Match.Strong
        : Match.Weak;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource content = opener.Content;
        int count = (int)Math.Min(NrgFooter.SearchLength, content.Length);
        byte[] tail = content.ReadBytes(content.Length - count, count);
        if (!NrgFooter.TryFind(tail, content.Length, out NrgFooter footer))
        {
            throw new ImageFormatException(Id, content.Length, "there is no footer NER5 or NERO at the end");
        }

        NrgChunks chunks = NrgChunks.Read(content, footer);
        SliceSource sectors = new(content, 0, footer.ChunksOffset);
        return DiscImage.Create(
            Info,
            NrgLayout.Build(sectors, chunks),
            chunks.Warnings,
            [new("Version", footer.Version == 1 ? "1 (NERO)" : "2 (NER5)")]);
    }
}
