using System.Diagnostics;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.TestKit;

/// <summary>Damages an image in many small ways and watches what a parser does: success or a named error, in bounded
/// time and memory.</summary>
public static class HostileInput
{
    // One attempt on a small image takes milliseconds; a loop takes for ever. No measure of speed: only the way to see
    // a loop before the run's own time limit does.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private const long MaxAllocation = 256L << 20;

    /// <summary>Truncates <paramref name="volume"/> at many places, then changes single bytes of its first 128 KiB and
    /// at random places behind, and runs <paramref name="use"/> on each result.</summary>
    public static void Try(BlockSource volume, Action<BlockSource> use, int changes = 600)
    {
        byte[] good = volume.ReadBytes(0, (int)Math.Min(volume.Length, 8 << 20));
        Random random = new(20);
        for (int i = 0; i < 64; i++)
        {
            int length = i < 16 ? good.Length * i / 16 : random.Next(good.Length);
            Attempt(good.AsMemory(0, length), use, $"truncated to {length} bytes");
        }

        int[] interesting = [.. Enumerable.Range(0, good.Length).Where(i => good[i] != 0)];
        for (int i = 0; i < changes && interesting.Length > 0; i++)
        {
            // Mostly bytes that mean something, sometimes zeros.
            int at = i % 8 == 7 ? random.Next(good.Length) : interesting[random.Next(interesting.Length)];
            byte old = good[at];
            good[at] = (byte)(random.Next(4) switch
            {
                0 => 0,
                1 => 0xff,
                2 => old ^ (1 << random.Next(8)),
                _ => random.Next(256),
            });
            Attempt(good, use, $"byte {at} changed from {old:x2} to {good[at]:x2}");
            good[at] = old;
        }
    }

    /// <summary>Runs <paramref name="action"/> and lets the errors pass that a damaged image may cause.</summary>
    public static void Allow(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (error is ImageFormatException or UnsupportedFeatureException
            or PasswordException or EndOfStreamException)
        {
            // What a parser is to say about a damaged image.
        }
    }

    private static void Attempt(ReadOnlyMemory<byte> bytes, Action<BlockSource> use, string what)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch time = Stopwatch.StartNew();
        try
        {
            using MemorySource source = new(bytes);
            Allow(() => use(source));
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{what}: {error.GetType().Name}: {error.Message}", error);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (time.Elapsed > Limit || allocated > MaxAllocation)
        {
            throw new InvalidOperationException(
                $"{what}: took {time.Elapsed.TotalSeconds:F1} s and {allocated >> 20} MiB");
        }
    }
}
