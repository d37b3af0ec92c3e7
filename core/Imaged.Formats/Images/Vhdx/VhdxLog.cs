using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vhdx;

/// <summary>Replays the log of a VHDX that was not closed, in memory: the file stays as it is (MS-VHDX
/// 2.3.2).</summary>
internal static class VhdxLog
{
    // Logs of 1 MiB are usual; one of this size, with all it holds, is still no burden.
    private const int MaxLength = 32 << 20;

    // How often every byte of the log is looked at on the average; entries that really are in a log do not overlap.
    private const int MaxPasses = 8;

    /// <summary>The file as it is after the replay.</summary>
    /// <exception cref="ImageFormatException">The log has no complete sequence, or the file was cut off.</exception>
    /// <exception cref="UnsupportedFeatureException">The log is too long.</exception>
    public static BlockSource Replay(BlockSource file, VhdxHeader header)
    {
        if (header.LogLength > MaxLength)
        {
            throw new UnsupportedFeatureException(VhdxFormat.Info.Id, $"a log of {header.LogLength} bytes");
        }

        if (header.LogLength % VhdxLogEntry.SectorLength != 0 || header.LogOffset > (ulong)file.Length
            || header.LogLength > (ulong)file.Length - header.LogOffset)
        {
            VhdxFormat.Throw(68, $"the log of {header.LogLength} bytes at {header.LogOffset} is not inside the file");
        }

        byte[] log = file.ReadBytes((long)header.LogOffset, (int)header.LogLength);
        List<VhdxLogEntry> sequence = FindActive(ReadEntries(log, header.LogId), header.LogLength)
            ?? throw new ImageFormatException(
                VhdxFormat.Info.Id, (long)header.LogOffset, "the image was not closed, and its log is damaged");
        VhdxLogEntry head = sequence[^1];
        if (head.FlushedFileLength > (ulong)file.Length)
        {
            VhdxFormat.Throw(file.Length, $"the file is cut off: the log knows {head.FlushedFileLength} bytes of it");
        }

        long length = (long)Math.Min(Math.Max((ulong)file.Length, head.LastFileLength), long.MaxValue / 2);
        return new VhdxPatchedSource(file, length, sequence.SelectMany(entry => entry.Updates));
    }

    private static Dictionary<uint, VhdxLogEntry> ReadEntries(byte[] log, Guid logId)
    {
        Dictionary<uint, VhdxLogEntry> entries = [];
        long left = (long)log.Length * MaxPasses;
        for (int offset = 0; offset < log.Length; offset += VhdxLogEntry.SectorLength)
        {
            uint length = VhdxLogEntry.LengthOf(log.AsSpan(offset), logId, log.Length);
            left -= length;
            if (left < 0)
            {
                VhdxFormat.Throw(offset, "the entries of the log lie on each other");
            }

            if (length > 0 && VhdxLogEntry.TryParse(Unwrap(log, offset, (int)length)) is { } entry)
            {
                entries.Add((uint)offset, entry);
            }
        }

        return entries;
    }

    // The log is a ring: an entry may go on at its beginning.
    private static ReadOnlyMemory<byte> Unwrap(byte[] log, int offset, int length)
    {
        int first = Math.Min(length, log.Length - offset);
        return first == length
            ? log.AsMemory(offset, length)
            : (byte[])[.. log.AsSpan(offset), .. log.AsSpan(0, length - first)];
    }

    // The entries from the tail that the newest complete entry names, up to that entry.
    private static List<VhdxLogEntry>? FindActive(Dictionary<uint, VhdxLogEntry> entries, uint logLength)
    {
        foreach ((uint offset, VhdxLogEntry head) in entries.OrderByDescending(entry => entry.Value.Sequence))
        {
            List<VhdxLogEntry> sequence = [];
            for (uint at = head.Tail; entries.TryGetValue(at, out VhdxLogEntry? entry);)
            {
                if (sequence.Count > 0 && entry.Sequence != sequence[^1].Sequence + 1)
                {
                    break;
                }

                sequence.Add(entry);
                if (at == offset)
                {
                    return sequence;
                }

                at = (at + entry.Length) % logLength;
            }
        }

        return null;
    }
}
