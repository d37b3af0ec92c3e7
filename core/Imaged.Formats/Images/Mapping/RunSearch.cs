namespace Imaged.Formats.Images.Mapping;

/// <summary>Finds a run among runs that are in order.</summary>
internal static class RunSearch
{
    /// <summary>Index of the last run that begins at a place or before it; -1 when there is none.</summary>
    /// <param name="runs">The runs, by their beginnings.</param>
    /// <param name="place">Offset or sector number, whichever they begin at.</param>
    /// <param name="beginOf">Where a run begins.</param>
    public static int FindLast<T>(ReadOnlySpan<T> runs, long place, Func<T, long> beginOf)
    {
        int low = 0;
        int high = runs.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (beginOf(runs[middle]) <= place)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }
}
