using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Compressed;

/// <summary>What the tests of all compressed formats do alike.</summary>
internal static class CompressedFile
{
    /// <summary>Makes <c>disk.img</c>: an ext4 volume of 24 MiB with text, noise and zeros, with several points in
    /// it.</summary>
    public static byte[] MakeDisk(TemporaryFolder folder)
    {
        Requires.Tool("mkfs.ext4");
        Tool.Shell($"""
            cd {folder.Path}; mkdir tree; seq 1 1500000 >tree/numbers; head -c 3000000 /dev/urandom >tree/noise
            mkfs.ext4 -q -d tree disk.img 24M
            """);
        return File.ReadAllBytes(folder["disk.img"]);
    }

    /// <summary>Packs the disk by a command in its folder that writes to standard output.</summary>
    public static byte[] Pack(TemporaryFolder folder, string command) =>
        Tool.Shell($"cd {folder.Path}; {command}").Output;

    /// <summary>Opens the stack of a packed file.</summary>
    public static ImageStack OpenStack(BlockSource source, string name, ISeekIndexStore? store = null) =>
        ImageStack.Open(OpenerOf(source, name, store), null);

    /// <summary>Opens the outermost layer alone.</summary>
    public static DiskImage Open(BlockSource source, string name, ISeekIndexStore? store = null) =>
        ImageFormats.Open(OpenerOf(source, name, store), null);

    /// <summary>The packed file holds these bytes, read whole, in pieces at random places, and by several threads; its
    /// checks are right, and it is read in the same way by an index that was kept.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> AssertHolds(
        byte[] content, byte[] packed, string format, string name)
    {
        MemoryStore store = new();
        IReadOnlyList<KeyValuePair<string, string>> details = [];
        for (int i = 0; i < 2; i++)
        {
            // At random places first: nothing was decoded yet.
            using MemorySource source = new(packed);
            using ImageStack stack = OpenStack(source, name, store);
            Assert.Equal([format, "raw"], stack.Layers.Select(layer => layer.Format.Id));
            BlockSource inside = stack.Innermost.Content;
            Assert.Equal(content.Length, inside.Length);
            Random random = new(7 + i);
            (int Offset, int Count)[] slices = [.. Enumerable.Range(0, 24).Select(_ =>
                (random.Next(content.Length - 300_000), random.Next(300_000)))];
            Parallel.ForEach(slices, new ParallelOptions { MaxDegreeOfParallelism = 4 }, slice =>
                AssertSame(content.AsSpan(slice.Offset, slice.Count), inside.ReadBytes(slice.Offset, slice.Count)));
            AssertSame(content, inside.ReadBytes(0, content.Length));
            SourceContract.ExtentsTile(stack.Layers[0].Content);
            if (stack.Layers[0].Verify is not null)
            {
                Assert.Empty(RecordedCheck.Run(stack.Layers[0]).Problems);
            }

            details = stack.Layers[0].Details;
        }

        Assert.Equal(store.Saved.Count, store.Found);
        return details;
    }

    /// <summary>Equal, without the time that comparing element by element takes.</summary>
    public static void AssertSame(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual) =>
        Assert.True(expected.SequenceEqual(actual), $"{actual.Length} bytes differ from {expected.Length} expected");

    /// <summary>Cut off at many places, the file never reads as if it were whole, and says so in a named
    /// error.</summary>
    public static void AssertCutOff(byte[] packed, string name, string message)
    {
        foreach (int length in new[] { packed.Length - 1, packed.Length - 9, packed.Length / 2, packed.Length / 7 })
        {
            using MemorySource source = new(packed.AsMemory(0, length));
            ImageFormatException error = Assert.Throws<ImageFormatException>(() =>
            {
                using DiskImage image = Open(source, name);
                image.Content.ReadBytes(image.Content.Length - 1, 1);
            });
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
    }

    private static ImageOpener OpenerOf(BlockSource source, string name, ISeekIndexStore? store) =>
        new(source, name, null, new BlockCache(32 << 20)) { IndexStore = store };
}
