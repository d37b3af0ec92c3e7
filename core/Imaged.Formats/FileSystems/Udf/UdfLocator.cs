using System.Buffers.Binary;
using Imaged.Blocks;

namespace Imaged.Formats.Udf;

/// <summary>Finds the anchors of a volume: without a table of contents, only by looking where they may be.</summary>
internal static class UdfLocator
{
    private const int RecognitionOffset = 32768;
    private const int MaxRecognitionDescriptors = 64;

    // A file grown to the size of its disc hides the last written block behind zeros.
    private const long MaxPadding = 64 << 20;
    private const int PaddingChunk = 1 << 20;

    private static readonly int[] BlockSizes = [512, 1024, 2048, 4096, 8192, 16384, 32768];

    /// <summary>Finds the descriptors of one session.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="session">From 1; null for the last one.</param>
    /// <returns>Null when there is no UDF, or no such session.</returns>
    public static UdfSequence? Find(BlockSource volume, int? session)
    {
        int step = FindRecognitionSequence(volume);
        if (step == 0 && !HasBlankSystemArea(volume))
        {
            return null;
        }

        // The step tells the block size where that is above 2048: volumes of two block sizes fit into each other, and
        // one of them may be a stale one.
        int[] sizes = [.. BlockSizes.Prepend(volume.SectorSize).Where(size => size is >= 512 and <= 32768)
            .OrderBy(size => Math.Max(2048, size) != step)];
        List<UdfSequence> sessions = FindSessions(volume, sizes, volume.Length);
        if (sessions.Count == 0 && step > 0)
        {
            // No anchor at block 256 nor at the end: cameras leave it behind the last written block.
            long written = FindWrittenEnd(volume);
            sessions = written < volume.Length ? FindSessions(volume, sizes, written) : sessions;
        }

        int index = session is { } number ? number - 1 : sessions.Count - 1;
        return index >= 0 && index < sessions.Count ? sessions[index] : null;
    }

    /// <summary>Byte offset behind the last byte that is not zero, looking back at most 64 MiB; rounded up to
    /// 2048.</summary>
    public static long FindWrittenEnd(BlockSource volume)
    {
        byte[] chunk = new byte[PaddingChunk];
        long end = volume.Length;
        long limit = Math.Max(0, end - MaxPadding);
        while (end > limit)
        {
            int count = (int)Math.Min(PaddingChunk, end);
            volume.Read(end - count, chunk.AsSpan(0, count));
            int last = chunk.AsSpan(0, count).LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
            {
                long written = end - count + last + 1;
                return Math.Min(volume.Length, (written + 2047) & ~2047L);
            }

            end -= count;
        }

        return end;
    }

    private static List<UdfSequence> FindSessions(BlockSource volume, int[] sizes, long end)
    {
        List<UdfSequence> found = [];
        foreach (int blockSize in sizes)
        {
            long blocks = end / blockSize;
            long last = 0;
            foreach (long block in new[] { 256, blocks - 257, blocks - 1, 512 })
            {
                if (TryReadAnchor(volume, blockSize, block) is { } anchor
                    && IsLaterSession(found, last, anchor)
                    && UdfSequence.Read(volume, blockSize, anchor) is { } sequence)
                {
                    found.Add(sequence);
                    last = block;
                }
            }

            if (found.Count > 0)
            {
                break;
            }
        }

        return found;
    }

    // Sessions follow each other on media that are written once. On others an anchor that differs is a stale one.
    private static bool IsLaterSession(List<UdfSequence> found, long lastAnchor, ReadOnlySpan<byte> anchor)
    {
        if (found.Count == 0)
        {
            return true;
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(anchor[20..]) > lastAnchor
            && found[^1].Partitions.Values.All(partition => partition.Access is 1 or 2)
            && found[^1].FirstBlock < lastAnchor;
    }

    private static byte[]? TryReadAnchor(BlockSource volume, int blockSize, long block)
    {
        byte[] raw = new byte[512];
        long offset = block * blockSize;
        if (block < 0 || offset > volume.Length - raw.Length)
        {
            return null;
        }

        try
        {
            volume.Read(offset, raw);
        }
        catch (IOException)
        {
            // A bad sector; anchors are recorded several times.
            return null;
        }

        return UdfTag.TryParse(raw, out UdfTag tag) && tag.Id == UdfTagId.Anchor && tag.Location == block ? raw : null;
    }

    // ECMA-167 2/8.3: descriptors of 2048 bytes, or of a block where that is larger; those of other standards between.
    // Returns that length in bytes, 0 when there is no sequence.
    private static int FindRecognitionSequence(BlockSource volume)
    {
        Span<byte> raw = stackalloc byte[6];
        for (int step = 2048; step <= 32768; step *= 2)
        {
            for (int i = 0; i < MaxRecognitionDescriptors; i++)
            {
                if (volume.ReadUpTo(RecognitionOffset + ((long)i * step), raw) < raw.Length)
                {
                    break;
                }

                ReadOnlySpan<byte> id = raw[1..];
                if (id.SequenceEqual("NSR02"u8) || id.SequenceEqual("NSR03"u8))
                {
                    return step;
                }

                if (!(id.SequenceEqual("BEA01"u8) || id.SequenceEqual("CD001"u8) || id.SequenceEqual("BOOT2"u8)
                    || id.SequenceEqual("TEA01"u8) || id.SequenceEqual("CDW02"u8)))
                {
                    break;
                }
            }
        }

        return 0;
    }

    // Some recorders write no recognition sequence. Then only a volume that holds nothing else before the anchor is one
    // of ours: a stale anchor may have survived the making of another file system.
    private static bool HasBlankSystemArea(BlockSource volume)
    {
        byte[] head = new byte[RecognitionOffset + 2048];
        return volume.ReadUpTo(0, head) == head.Length && !head.AsSpan().ContainsAnyExcept((byte)0);
    }
}
