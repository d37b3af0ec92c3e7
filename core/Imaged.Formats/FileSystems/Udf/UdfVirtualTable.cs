using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Udf;

/// <summary>Finds and reads the virtual allocation table, whose ICB is the last thing written (UDF 2.2.11).</summary>
internal static class UdfVirtualTable
{
    /// <summary>How many blocks before the last one that was written the table may be: run-out and link blocks follow
    /// it, and sessions that are volumes of their own.</summary>
    public const int MaxSearchBlocks = 2048;

    // A table for 32 GiB in blocks of 2048 bytes.
    private const int MaxTableLength = 64 << 20;

    // Older tables that are looked for.
    private const int MaxTables = 256;
    private const uint NoTable = uint.MaxValue;

    private const int OldTrailerLength = 36;
    private const int MinHeaderLength = 152;

    /// <summary>Builds a virtual partition.</summary>
    /// <param name="volume">The volume, its physical partitions built.</param>
    /// <param name="inner">Reference of the physical partition.</param>
    /// <param name="start">First block of that partition in the volume.</param>
    /// <param name="warnings">Takes what is odd.</param>
    public static UdfVirtualPartition Load(UdfVolume volume, ushort inner, uint start, List<string> warnings)
    {
        byte[] block = new byte[volume.BlockSize];
        long last = (UdfWrittenEnd.Find(volume.Source, UdfWrittenEnd.OpenLimit) - 1) / volume.BlockSize;
        long first = Math.Max(start, last - MaxSearchBlocks);
        for (long at = last; at >= first && at - start <= uint.MaxValue; at--)
        {
            UdfAddress address = new(inner, (uint)(at - start));
            if (TryOpen(volume, address, block) is { } newest
                && TryRead(volume, address, newest, block) is { } entries)
            {
                if (at < last - 1)
                {
                    warnings.Add($"{last - at} blocks behind the virtual allocation table are not part of the volume");
                }

                return new(volume.Partitions[inner], entries);
            }
        }

        ImageFormatException.Throw(
            UdfFileSystem.Id, last * volume.BlockSize, $"no virtual allocation table in blocks {first} to {last}");
        return null;
    }

    private static uint[]? TryRead(UdfVolume volume, UdfAddress address, in Table newest, byte[] block)
    {
        try
        {
            return ReadEntries(Choose(volume, address, newest, block));
        }
        catch (IOException) when (volume.TableAge == 0)
        {
            // Not readable: the search goes on before it.
            return null;
        }
    }

    // Each table names the one before it, which stands before it: so the chain ends.
    private static Table Choose(UdfVolume volume, UdfAddress address, Table newest, byte[] block)
    {
        Table chosen = newest;
        Table current = newest;
        int count = 1;
        while (count < MaxTables && current.Previous != NoTable && current.Previous < address.Block)
        {
            address = address with { Block = current.Previous };
            if (TryOpen(volume, address, block) is not { } older)
            {
                break;
            }

            current = older;
            chosen = count == volume.TableAge ? current : chosen;
            count++;
        }

        volume.TableCount = count;
        if (volume.TableAge >= count)
        {
            volume.Throw(address, $"there are {count} virtual allocation tables only");
        }

        return chosen;
    }

    private static Table? TryOpen(UdfVolume volume, UdfAddress address, byte[] block)
    {
        try
        {
            UdfTag tag = volume.ReadDescriptor(address, block);

            // The location tells the table from that of a later volume on the same disc.
            if (!UdfIcb.IsEntry(tag.Id) || tag.Location != address.Block)
            {
                return null;
            }

            UdfIcb icb = UdfIcb.Parse(block, address, volume);
            bool old = icb.FileType == UdfFileType.Unspecified;
            if ((!old && icb.FileType != UdfFileType.VirtualAllocationTable)
                || icb.Length < OldTrailerLength || icb.Length > Math.Min(MaxTableLength, volume.Source.Length))
            {
                return null;
            }

            UdfFileSource file = new(volume, UdfAllocation.Read(volume, icb, block), metadata: false);
            return old ? OpenOld(file) : OpenNew(file);
        }
        catch (IOException)
        {
            // Not readable or no table: the search goes on before it.
            return null;
        }
    }

    // UDF 1.50: entries, then the identifier and the address of the table before this one.
    private static Table? OpenOld(UdfFileSource file)
    {
        Span<byte> trailer = stackalloc byte[OldTrailerLength];
        file.Read(file.Length - OldTrailerLength, trailer);
        return trailer[1..].StartsWith("*UDF Virtual Alloc Tbl"u8)
            ? new(file, 0, file.Length - OldTrailerLength, BinaryPrimitives.ReadUInt32LittleEndian(trailer[32..]))
            : null;
    }

    // UDF 2.00: a header that tells its own length.
    private static Table? OpenNew(UdfFileSource file)
    {
        Span<byte> raw = stackalloc byte[136];
        if (file.Length < MinHeaderLength)
        {
            return null;
        }

        file.Read(0, raw);
        int header = BinaryPrimitives.ReadUInt16LittleEndian(raw);
        return header < MinHeaderLength || header > file.Length
            ? null
            : new(file, header, file.Length - header, BinaryPrimitives.ReadUInt32LittleEndian(raw[132..]));
    }

    private static uint[] ReadEntries(in Table table)
    {
        uint[] entries = new uint[table.Length / 4];
        byte[] raw = new byte[(int)Math.Min(table.Length, 65536)];
        for (int done = 0; done < entries.Length;)
        {
            int count = Math.Min(entries.Length - done, raw.Length / 4);
            table.Content.Read(table.Offset + (done * 4L), raw.AsSpan(0, count * 4));
            for (int i = 0; i < count; i++)
            {
                entries[done + i] = BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(i * 4));
            }

            done += count;
        }

        return entries;
    }

    /// <summary>A table whose entries have not been read.</summary>
    /// <param name="Content">Its content.</param>
    /// <param name="Offset">Byte offset of the entries in it.</param>
    /// <param name="Length">Bytes of entries.</param>
    /// <param name="Previous">Block of the ICB of the table before it; <see cref="NoTable"/> when there is
    /// none.</param>
    private readonly record struct Table(UdfFileSource Content, long Offset, long Length, uint Previous);
}
