using System.Buffers.Binary;
using Imaged.Blocks;

namespace Imaged.Formats.Udf;

/// <summary>Finds the anchors of a volume: without a table of contents, only by looking where they may be.</summary>
internal static class UdfLocator
{
    private const int RecognitionOffset = 32768;
    private const int MaxRecognitionDescriptors = 64;

    private static readonly int[] BlockSizes = [512, 1024, 2048, 4096, 8192, 16384, 32768];

    /// <summary>Finds the descriptors of the last session; null when there is no UDF.</summary>
    public static UdfSequence? Find(BlockSource volume) => FindEnds(volume).LastOrDefault();

    /// <summary>Finds the descriptors of all sessions in their order; empty when there is no UDF. Reads up to 1 GiB
    /// where there may be several.</summary>
    public static List<UdfSequence> FindAll(BlockSource volume)
    {
        List<UdfSequence> ends = FindEnds(volume);
        return ends.Count > 0 && IsWrittenOnce(ends[0])
            ? UdfSessionScan.Find(volume, ends[0])
            : ends;
    }

    /// <summary>Whether further sessions may follow: on other media an anchor that differs is a stale one.</summary>
    public static bool IsWrittenOnce(UdfSequence session) =>
        session.Partitions.Values.All(partition => partition.Access is 1 or 2);

    // The first session, and the last one when it is another one.
    private static List<UdfSequence> FindEnds(BlockSource volume)
    {
        int step = FindRecognitionSequence(volume);
        if (step == 0 && !HasBlankSystemArea(volume))
        {
            return [];
        }

        // The step tells the block size where that is above 2048: volumes of two block sizes fit into each other, and
        // one of them may be a stale one.
        int[] sizes = [.. BlockSizes.Prepend(volume.SectorSize).Where(size => size is >= 512 and <= 32768)
            .OrderBy(size => Math.Max(2048, size) != step)];
        List<UdfSequence> sessions = FindSessions(volume, sizes, volume.Length);
        if (sessions.Count == 0 && step > 0 && !volume.IsOneWay)
        {
            // No anchor at block 256 nor at the end: cameras leave it behind the last written block.
            long written = UdfWrittenEnd.Find(volume, UdfWrittenEnd.ProbeLimit);
            sessions = written < volume.Length ? FindSessions(volume, sizes, written) : sessions;
        }

        if (sessions.Count == 1 && !volume.IsOneWay && IsWrittenOnce(sessions[0])
            && UdfSessionScan.FindLastByTable(volume, sessions[0]) is { } last)
        {
            sessions.Add(last);
        }

        return sessions;
    }

    private static List<UdfSequence> FindSessions(BlockSource volume, int[] sizes, long end)
    {
        List<UdfSequence> found = [];
        foreach (int blockSize in sizes)
        {
            long blocks = end / blockSize;
            long last = 0;
            foreach (long block in volume.IsOneWay ? [256, 512] : new[] { 256, blocks - 257, blocks - 1, 512 })
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

    private static bool IsLaterSession(List<UdfSequence> found, long lastAnchor, ReadOnlySpan<byte> anchor) =>
        found.Count == 0
        || (BinaryPrimitives.ReadUInt32LittleEndian(anchor[20..]) > lastAnchor
            && IsWrittenOnce(found[^1]) && found[^1].FirstBlock < lastAnchor);

    /// <summary>Reads the anchor at a block; null when there is none.</summary>
    public static byte[]? TryReadAnchor(BlockSource volume, int blockSize, long block)
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

        return IsAnchor(raw, block) ? raw : null;
    }

    /// <summary>Whether these bytes are the anchor that belongs to a block.</summary>
    public static bool IsAnchor(ReadOnlySpan<byte> raw, long block) =>
        UdfTag.TryParse(raw, out UdfTag tag) && tag.Id == UdfTagId.Anchor && tag.Location == block;

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
