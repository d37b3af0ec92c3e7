using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Udf;

/// <summary>Finds and reads the virtual allocation table, whose ICB is the last thing written (UDF 2.2.11).</summary>
internal static class UdfVirtualTable
{
    // Run-out and link blocks follow the table, and sessions that are volumes of their own.
    private const int MaxSearchBlocks = 2048;

    // A table for 32 GiB in blocks of 2048 bytes.
    private const int MaxTableLength = 64 << 20;

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
        long last = (UdfLocator.FindWrittenEnd(volume.Source) - 1) / volume.BlockSize;
        long first = Math.Max(start, last - MaxSearchBlocks);
        for (long at = last; at >= first && at - start <= uint.MaxValue; at--)
        {
            UdfAddress address = new(inner, (uint)(at - start));
            if (TryLoad(volume, address, block) is { } table)
            {
                if (at < last - 1)
                {
                    warnings.Add($"{last - at} blocks behind the virtual allocation table are not part of the volume");
                }

                return new(volume.Partitions[inner], table);
            }
        }

        ImageFormatException.Throw(
            UdfFileSystem.Id, last * volume.BlockSize, $"no virtual allocation table in blocks {first} to {last}");
        return null;
    }

    private static uint[]? TryLoad(UdfVolume volume, UdfAddress address, byte[] block)
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

            using UdfFileSource file = new(volume, UdfAllocation.Read(volume, icb, block), metadata: false);
            return old ? ReadOld(file) : ReadNew(file);
        }
        catch (IOException)
        {
            // Not readable or no table: the search goes on before it.
            return null;
        }
    }

    // UDF 1.50: entries, then the identifier and the address of the table before this one.
    private static uint[]? ReadOld(UdfFileSource file)
    {
        Span<byte> trailer = stackalloc byte[OldTrailerLength];
        file.Read(file.Length - OldTrailerLength, trailer);
        return trailer[1..].StartsWith("*UDF Virtual Alloc Tbl"u8)
            ? ReadEntries(file, 0, file.Length - OldTrailerLength)
            : null;
    }

    // UDF 2.00: a header that tells its own length.
    private static uint[]? ReadNew(UdfFileSource file)
    {
        Span<byte> raw = stackalloc byte[2];
        file.Read(0, raw);
        int header = BinaryPrimitives.ReadUInt16LittleEndian(raw);
        return header < MinHeaderLength || header > file.Length
            ? null
            : ReadEntries(file, header, file.Length - header);
    }

    private static uint[] ReadEntries(UdfFileSource file, long offset, long length)
    {
        uint[] entries = new uint[length / 4];
        byte[] raw = new byte[(int)Math.Min(length, 65536)];
        for (int done = 0; done < entries.Length;)
        {
            int count = Math.Min(entries.Length - done, raw.Length / 4);
            file.Read(offset + (done * 4L), raw.AsSpan(0, count * 4));
            for (int i = 0; i < count; i++)
            {
                entries[done + i] = BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(i * 4));
            }

            done += count;
        }

        return entries;
    }
}
