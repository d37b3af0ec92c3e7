using Imaged.Blocks;
using Imaged.TestKit;

namespace Imaged.Fuzz;

/// <summary>The images that a campaign starts from.</summary>
internal static class SeedStore
{
    private const int MaxSeeds = 24;
    private const long MaxStoredLength = 2 << 20;
    private const long MaxLength = 40 << 20;

    /// <summary>Seeds of a target, in an order that is always the same: its own, those of this tree and those that are
    /// made, the shared samples that it accepts, and what it fell over before.</summary>
    public static IReadOnlyList<byte[]> For(FuzzTarget target)
    {
        if (target.Seeds.Count > 0)
        {
            return target.Seeds;
        }

        List<byte[]> seeds =
        [
            .. TreeSamples.Names().Select(TreeSamples.Read).Concat(MadeSeeds.All)
                .Where(bytes => Accepts(target, bytes)),
        ];
        seeds.AddRange(CrashStore.Files(target.Name).Select(CrashStore.Load).Where(bytes => bytes.Length > 0));
        if (Samples.Available)
        {
            foreach (string path in Directory.EnumerateFiles(Samples.Root, "*", SearchOption.AllDirectories).Order())
            {
                if (seeds.Count >= MaxSeeds)
                {
                    break;
                }

                if (new FileInfo(path).Length is > 0 and < MaxStoredLength
                    && ReadSample(path) is { } bytes && Accepts(target, bytes))
                {
                    seeds.Add(bytes);
                }
            }
        }

        // A new format may have no sample yet: noise finds at least what its probe lets through.
        return seeds.Count > 0 ? seeds : [new byte[65536]];
    }

    private static byte[]? ReadSample(string path)
    {
        string unpacked = Samples.Get(Path.GetRelativePath(Samples.Root, path));
        return new FileInfo(unpacked).Length <= MaxLength ? File.ReadAllBytes(unpacked) : null;
    }

    private static bool Accepts(FuzzTarget target, byte[] bytes)
    {
        try
        {
            using MemorySource source = new(bytes);
            return target.Accepts(source);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
