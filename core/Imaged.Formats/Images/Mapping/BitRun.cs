namespace Imaged.Formats.Images.Mapping;

/// <summary>Bits of a bitmap that are alike and follow each other.</summary>
/// <param name="IsSet">Whether they are set.</param>
/// <param name="Length">How many, at least 1.</param>
internal readonly record struct BitRun(bool IsSet, int Length)
{
    /// <summary>The run that begins at a bit; it ends with the bitmap at the latest.</summary>
    /// <param name="bitmap">The bitmap.</param>
    /// <param name="begin">Number of the first bit; the bitmap has it.</param>
    /// <param name="highestFirst">Whether bit 0 is the highest one of the first byte; else it is the lowest
    /// one.</param>
    public static BitRun Find(ReadOnlySpan<byte> bitmap, int begin, bool highestFirst)
    {
        bool isSet = Has(bitmap, begin, highestFirst);
        byte same = isSet ? byte.MaxValue : byte.MinValue;
        int end = begin + 1;
        while (end < bitmap.Length * 8 && Has(bitmap, end, highestFirst) == isSet)
        {
            // Whole bytes at once.
            end += end % 8 == 0 && bitmap[end / 8] == same ? 8 : 1;
        }

        return new(isSet, end - begin);
    }

    private static bool Has(ReadOnlySpan<byte> bitmap, int index, bool highestFirst) =>
        (bitmap[index / 8] >> (highestFirst ? 7 - (index % 8) : index % 8) & 1) != 0;
}
