using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Udf;

/// <summary>A state of a volume that can be chosen: a session with descriptors of its own, or what an older virtual
/// allocation table of one says, as each closed session and each flush leaves one.</summary>
/// <param name="Sequence">The descriptors.</param>
/// <param name="Age">How many virtual allocation tables to go back from the newest one.</param>
internal readonly record struct UdfSession(UdfSequence Sequence, int Age)
{
    /// <summary>Finds the state with a number, from 1 for the oldest one.</summary>
    /// <exception cref="ImageFormatException">There is no UDF.</exception>
    /// <exception cref="UnsupportedFeatureException">There are not so many states.</exception>
    public static UdfSession Find(BlockSource volume, int number, BlockCache cache)
    {
        List<UdfSequence> sequences = UdfLocator.FindAll(volume);
        int before = 0;
        foreach (UdfSequence sequence in sequences)
        {
            int count = CountTables(volume, sequence, cache);
            if (number >= 1 && number <= before + count)
            {
                return new(sequence, before + count - number);
            }

            before += count;
        }

        if (sequences.Count == 0)
        {
            ImageFormatException.Throw(UdfFileSystem.Id, 0, "no anchor leads to the descriptors of the volume");
        }

        UnsupportedFeatureException.Throw(UdfFileSystem.Id, $"session {number} of a volume with {before}");
        return default;
    }

    private static int CountTables(BlockSource source, UdfSequence sequence, BlockCache cache)
    {
        using UdfVolume volume = new(source, sequence, cache);
        try
        {
            UdfPartitionMaps.Build(volume, []);
            return Math.Max(1, volume.TableCount);
        }
        catch (IOException)
        {
            // It counts as one; opening it says what is wrong.
            return 1;
        }
    }
}
