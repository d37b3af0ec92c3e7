using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Wim;

/// <summary>A part of a volume. The parts of a split WIM are one volume, one behind the other; each ends where its
/// header says.</summary>
/// <param name="Header">Its header.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record WimPart(WimHeader Header, BlockSource Content)
{
    /// <summary>The parts of a volume, from the first on.</summary>
    /// <exception cref="ImageFormatException">One is damaged, or not the next one.</exception>
    public static List<WimPart> ReadAll(BlockSource volume)
    {
        List<WimPart> parts = [];
        long offset = 0;
        WimHeader first = WimHeader.Read(volume, 0);
        for (int number = 1; number <= first.Parts && offset < volume.Length; number++)
        {
            WimHeader header = number == 1 ? first : WimHeader.Read(volume, offset);
            if (header.Part != number || header.Id != first.Id)
            {
                ImageFormatException.Throw(
                    WimFileSystem.Id, offset + 40, $"this is part {header.Part}, not part {number} of one WIM");
            }

            // What is cut off may end anywhere: whoever reads it gets the error.
            long end = first.Parts == 1 ? volume.Length : Math.Min(volume.Length, offset + header.End);
            parts.Add(new(header, new SliceSource(volume, offset, end - offset)));
            offset = end;
        }

        return parts;
    }
}
