using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Raw;

/// <summary>The files beside each other that one was cut into, found by their names alone.</summary>
/// <param name="Name">How they are named.</param>
/// <param name="Files">In their order, two at least; they stay their owner's.</param>
/// <param name="Named">Which of them the user named.</param>
internal sealed record PartFiles(PartName Name, IReadOnlyList<BlockSource> Files, int Named)
{
    /// <summary>Looks for the others, whichever one the user named.</summary>
    /// <returns>Null when its name is not that of a part, or there is no other one.</returns>
    public static PartFiles? Find(ImageOpener opener)
    {
        if (opener.Siblings is null || !PartName.TryParse(opener.FileName, out PartName name, out int number))
        {
            return null;
        }

        // Digits are counted from 0 or from 1.
        return Find(opener, name, number)
            ?? (!name.IsLetters && number > 0 ? Find(opener, name with { First = 1 }, number - 1) : null);
    }

    private static PartFiles? Find(ImageOpener opener, PartName name, int named)
    {
        List<BlockSource> files = [];
        while (files.Count < name.MaxCount)
        {
            if (files.Count == named)
            {
                files.Add(opener.Content);
            }
            else if (opener.Siblings!.TryOpen(name.At(files.Count), out BlockSource source))
            {
                files.Add(source);
            }
            else
            {
                break;
            }
        }

        return files.Count > Math.Max(named, 1) ? new(name, files, named) : null;
    }
}
