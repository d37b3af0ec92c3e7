using System.Buffers.Binary;
using Imaged.Blocks;

namespace Imaged.Formats.Udf;

/// <summary>Looks for sessions on media that are written once, where no table of contents says where they begin: each
/// has an anchor at its block 256 (UDF 1.50 and later, 6.10), which tells its own block number.</summary>
internal static class UdfSessionScan
{
    private const int MaxSessions = 256;

    // More than a CD holds; sessions of a DVD begin within it, too, unless the first ones fill most of it.
    private const long MaxScannedBytes = 1L << 30;
    private const int Chunk = 1 << 20;

    // From the anchor to the partition: one block with genisoimage, 32 with mkudffs and Nero.
    private const int MaxAnchorDistance = 512;

    /// <summary>The sessions from the first one on, by a search for anchors in the first GiB.</summary>
    public static List<UdfSequence> Find(BlockSource volume, UdfSequence first)
    {
        List<UdfSequence> sessions = [first];
        long last = first.FirstBlock;
        int blockSize = first.BlockSize;
        byte[] chunk = new byte[Chunk];
        long end = Math.Min(volume.Length, MaxScannedBytes);
        for (long offset = 0; offset < end && sessions.Count < MaxSessions; offset += Chunk)
        {
            int count = TryReadChunk(volume, offset, chunk);
            for (int at = 0; at <= count - 512 && sessions.Count < MaxSessions; at += blockSize)
            {
                long block = (offset + at) / blockSize;
                ReadOnlySpan<byte> raw = chunk.AsSpan(at, 512);
                uint main = BinaryPrimitives.ReadUInt32LittleEndian(raw[20..]);
                if (raw[0] == (byte)UdfTagId.Anchor && main > last && UdfLocator.IsAnchor(raw, block)
                    && UdfSequence.Read(volume, blockSize, raw) is { } next && UdfLocator.IsWrittenOnce(next))
                {
                    sessions.Add(next);
                    last = block;
                }
            }
        }

        return sessions;
    }

    /// <summary>The session that the last thing written belongs to, when it is another one. Only where there are
    /// virtual partitions: their table is written last, and its tag says how far behind the beginning of its partition
    /// it stands.</summary>
    public static UdfSequence? FindLastByTable(BlockSource volume, UdfSequence first)
    {
        if (first.Maps.IndexOf("*UDF Virtual Partition"u8) < 0)
        {
            return null;
        }

        int blockSize = first.BlockSize;
        byte[] block = new byte[blockSize];
        long last = (UdfWrittenEnd.Find(volume, UdfWrittenEnd.ProbeLimit) - 1) / blockSize;
        for (long at = last; at >= Math.Max(0, last - UdfVirtualTable.MaxSearchBlocks); at--)
        {
            if (!UdfSequence.TryReadDescriptor(volume, at, block, out UdfTag tag) || !UdfIcb.IsEntry(tag.Id))
            {
                continue;
            }

            long partition = at - tag.Location;
            if (first.Partitions.Values.Any(known => known.Start == partition))
            {
                return null;
            }

            for (long anchor = partition - 1; anchor >= Math.Max(0, partition - MaxAnchorDistance); anchor--)
            {
                if (UdfLocator.TryReadAnchor(volume, blockSize, anchor) is { } raw
                    && BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(20)) > first.FirstBlock
                    && UdfSequence.Read(volume, blockSize, raw) is { } found
                    && found.Partitions.Values.Any(known => known.Start == partition))
                {
                    return found;
                }
            }
        }

        return null;
    }

    // A bad sector hides the anchors of its chunk only.
    private static int TryReadChunk(BlockSource volume, long offset, byte[] chunk)
    {
        try
        {
            return volume.GetExtent(offset) is { Kind: ExtentKind.Zero } hole && hole.Length >= chunk.Length
                ? 0
                : volume.ReadUpTo(offset, chunk);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
