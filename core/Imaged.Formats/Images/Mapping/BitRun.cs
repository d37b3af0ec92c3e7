using System.Numerics;
using System.Runtime.InteropServices;

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

    /// <summary>How many of the first bits of a bitmap are set; bit 0 is the lowest one of the first byte.</summary>
    /// <param name="bitmap">The bitmap.</param>
    /// <param name="count">Bits to look at; the bitmap has so many.</param>
    public static int CountSet(ReadOnlySpan<byte> bitmap, int count)
    {
        int set = 0;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bitmap[..(count / 8)]);
        foreach (ulong word in words)
        {
            set += BitOperations.PopCount(word);
        }

        foreach (byte value in bitmap[(words.Length * sizeof(ulong))..(count / 8)])
        {
            set += BitOperations.PopCount(value);
        }

        return count % 8 == 0 ? set : set + BitOperations.PopCount(bitmap[count / 8] & ((1u << (count % 8)) - 1));
    }

    private static bool Has(ReadOnlySpan<byte> bitmap, int index, bool highestFirst) =>
        (bitmap[index / 8] >> (highestFirst ? 7 - (index % 8) : index % 8) & 1) != 0;
}
