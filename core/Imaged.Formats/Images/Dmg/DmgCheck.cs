using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Dmg;

/// <summary>Checks the checksums of a UDIF image: of the data fork as it is stored, of what each table decodes to, and
/// of all these.</summary>
internal static class DmgCheck
{
    private const int BufferLength = 1 << 20;
    private const int SectorLength = 512;

    /// <summary>Checks all that are there.</summary>
    public static void Run(
        DmgSegments segments, IReadOnlyList<DmgTable> tables, BlockSource content, ImageCheck check)
    {
        byte[] buffer = new byte[BufferLength];
        check.Begin("data fork", segments.All.Sum(segment => segment.Trailer.ForkLength));
        foreach (DmgSegment segment in segments.All)
        {
            using DmgHash? hash = DmgHash.TryCreate(segment.Trailer.ForkChecksum);
            if (hash is not null)
            {
                using SliceSource fork = DmgSegments.ForkOf(segment);
                Append(hash, fork, 0, fork.Length, buffer, check);
                Compare(hash, segment.Trailer.ForkChecksum, null, "the data fork", check);
            }
        }

        CheckTables(tables, content, buffer, check);
        CheckMaster(segments.All[0].Trailer.MasterChecksum, tables, check);
    }

    private static void CheckTables(
        IReadOnlyList<DmgTable> tables, BlockSource content, byte[] buffer, ImageCheck check)
    {
        check.Begin("block tables", tables.Sum(table => table.Chunks.Sum(HashedLength)));
        foreach (DmgTable table in tables)
        {
            using DmgHash? hash = DmgHash.TryCreate(table.Checksum);
            if (hash is null)
            {
                continue;
            }

            foreach (DmgChunk chunk in table.Chunks)
            {
                Append(hash, content, chunk.Sector * SectorLength, HashedLength(chunk), buffer, check);
            }

            long? offset = table.Chunks.Length == 0 ? null : table.Chunks[0].Sector * SectorLength;
            Compare(hash, table.Checksum, offset, $"table '{table.Name}'", check);
        }
    }

    // CRC-32 alone was seen; of the others it is not known whether they are made of the stored or the padded checksums.
    private static void CheckMaster(DmgChecksum master, IReadOnlyList<DmgTable> tables, ImageCheck check)
    {
        using DmgHash? hash = master.Type == 2 ? DmgHash.TryCreate(master) : null;
        if (hash is null || tables.Any(table => table.Checksum.Type != master.Type))
        {
            return;
        }

        foreach (DmgTable table in tables)
        {
            hash.Append(table.Checksum.Value);
        }

        Compare(hash, master, null, "the master checksum", check);
    }

    private static void Append(
        DmgHash hash, BlockSource source, long offset, long length, byte[] buffer, ImageCheck check)
    {
        while (length > 0)
        {
            int count = (int)Math.Min(length, buffer.Length);
            source.Read(offset, buffer.AsSpan(0, count));
            hash.Append(buffer.AsSpan(0, count));
            check.Advance(count);
            offset += count;
            length -= count;
        }
    }

    private static void Compare(DmgHash hash, DmgChecksum expected, long? offset, string what, ImageCheck check)
    {
        byte[] actual = hash.Finish();
        if (actual.AsSpan().SequenceEqual(expected.Value))
        {
            check.Confirm($"{hash.Name} of {what}");
        }
        else
        {
            check.Report(
                offset,
                $"the {hash.Name} of {what} is {Convert.ToHexStringLower(actual)}, "
                + $"not {Convert.ToHexStringLower(expected.Value)}");
        }
    }

    private static long HashedLength(DmgChunk chunk) =>
        chunk.Kind == DmgChunkKind.Ignore ? 0 : chunk.Count * SectorLength;
}
